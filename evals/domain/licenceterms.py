"""Licences that are in no list of open ones: what they ask, as published by who wrote them."""

from collections.abc import Mapping
from enum import StrEnum


class LicenceFlag(StrEnum):
    """A term that somebody should read before a product rests on it."""

    CLOSED = "no copy may be had or run"
    ACCEPTABLE_USE = "acceptable-use policy"
    USER_CAP = "user or revenue cap"
    FIELD_OF_USE = "field of use: no commercial use"
    GEOGRAPHY = "not everywhere: geography"
    OUTPUT_TRAINING = "output-training clause"
    REVOCABLE = "revocable: use can be restricted later"
    NO_DERIVATIVES = "no changes may be passed on"


_USE, _CAP, _FIELD = LicenceFlag.ACCEPTABLE_USE, LicenceFlag.USER_CAP, LicenceFlag.FIELD_OF_USE
_PLACE, _OUTPUT = LicenceFlag.GEOGRAPHY, LicenceFlag.OUTPUT_TRAINING
_REVOCABLE = LicenceFlag.REVOCABLE

# A pattern over the plain spelling (`licences._plain`): the first that is found is taken.
TERMS: Mapping[str, tuple[str, tuple[LicenceFlag, ...]]] = {
    # Multimodal Llama models are not licensed to those who live in the European Union.
    r"^llama ?4": ("Llama 4 Community License", (_USE, _CAP, _PLACE, _OUTPUT)),
    r"^llama ?3[. ]2": ("Llama 3.2 Community License", (_USE, _CAP, _PLACE, _OUTPUT)),
    r"^llama ?3[. ]3": ("Llama 3.3 Community License", (_USE, _CAP, _OUTPUT)),
    r"^llama ?3[. ]1": ("Llama 3.1 Community License", (_USE, _CAP, _OUTPUT)),
    r"^(meta )?llama ?3": ("Llama 3 Community License", (_USE, _CAP, _OUTPUT)),
    r"^(meta )?llama ?2": ("Llama 2 Community License", (_USE, _CAP, _OUTPUT)),
    r"^llama\b": ("Llama licence", (_USE,)),
    r"^(code)?gemma": ("Gemma Terms of Use", (_USE, _OUTPUT, _REVOCABLE)),
    r"^deepseek": ("DeepSeek License Agreement", (_USE, _REVOCABLE)),
    r"^(tongyi )?(qwen|qianwen) research": ("Qwen Research License", (_FIELD, _OUTPUT)),
    r"^(tongyi )?(qwen|qianwen)": ("Qwen License Agreement", (_CAP, _OUTPUT)),
    r"^(mnpl|mrl|mistral .*(research|non production))": ("Mistral Research License", (_FIELD,)),
    r"hunyuan": ("Tencent Hunyuan Community License", (_USE, _CAP, _PLACE, _OUTPUT)),
    r"^falcon ?(180b|llm|2|3)": ("TII Falcon License", (_USE,)),
    r"^jamba": ("Jamba Open Model License", (_USE, _CAP)),
    r"^exaone": ("EXAONE AI Model License", (_FIELD, _OUTPUT)),
    r"^grok": ("Grok Community License", (_USE, _CAP, _OUTPUT)),
    r"^stability ?ai": ("Stability AI Community License", (_USE, _CAP)),
    r"^nvidia open model": ("NVIDIA Open Model License", (_USE, _REVOCABLE)),
    r"^(modified mit|kimi)": ("Modified MIT", (_CAP,)),
    r"^(ai2 )?impact": ("AI2 ImpACT License", (_USE,)),
    r"openrail|bloom rail|bigcode|rail\b": ("Open RAIL", (_USE, _REVOCABLE)),
    r"^cc by nc|non ?commercial|research only": ("non-commercial", (_FIELD,)),
    r"^arxiv": ("arXiv non-exclusive licence", (LicenceFlag.NO_DERIVATIVES,)),
    r"^(proprietary|closed|commercial)": ("proprietary", (LicenceFlag.CLOSED,)),
}

# Beside identifiers and full names; plain spellings of what people and model hubs write.
OTHER_SPELLINGS: Mapping[str, str] = {
    "apache": "Apache-2.0",
    "apache 2": "Apache-2.0",
    "apache2": "Apache-2.0",
    "apache2.0": "Apache-2.0",
    "apache software 2.0": "Apache-2.0",
    "mit": "MIT",
    "expat": "MIT",
    "bsd": "BSD-3-Clause",
    "bsd 3": "BSD-3-Clause",
    "bsd 3 clause": "BSD-3-Clause",
    "bsd 2": "BSD-2-Clause",
    "gpl 2": "GPL-2.0-only",
    "gpl 3": "GPL-3.0-only",
    "agpl 3": "AGPL-3.0-only",
    "lgpl 3": "LGPL-3.0-only",
    "cc0": "CC0-1.0",
    "cc by": "CC-BY-4.0",
    "cc by sa": "CC-BY-SA-4.0",
    "odc by": "ODC-By-1.0",
    "odbl": "ODbL-1.0",
    "pddl": "PDDL-1.0",
    "openmdw": "OpenMDW-1.0",
}
