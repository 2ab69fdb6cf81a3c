"""GGUF files on this machine's processor, through openvino-genai: no torch."""

import importlib
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

from evals.domain.specs import CandidateSpec, HarnessSpec
from evals.domain.trials import Question
from evals.engine.endpoints.keptmodels import Generated, Loan, Model, kept_models
from evals.engine.endpoints.local import LocalEndpoint
from evals.engine.endpoints.protocol import EndpointError

_FINISHES = {"STOP": "stop", "LENGTH": "length"}


def open_openvino(candidate: CandidateSpec) -> LocalEndpoint:
    """Return an endpoint for the GGUF file that `model.id` names; it is loaded when first asked."""
    path, device = candidate.model.id, candidate.endpoint.device.upper()
    loan = Loan(kept_models, ("openvino", path, device), partial(_load, path, device))
    return LocalEndpoint(
        loan.model,
        harness=candidate.harness,
        batch_size=candidate.endpoint.batch_size,
        let_go=loan.end,
    )


class OpenVinoModel:
    """One loaded pipeline with its tokenizer."""

    def __init__(self, pipeline: Any) -> None:
        self._pipeline = pipeline
        self._tokenizer = pipeline.get_tokenizer()
        self._has_template = bool(self._tokenizer.chat_template)

    def generate(
        self, questions: Sequence[Question], harness: HarnessSpec, /, *, seed: int | None
    ) -> list[Generated]:
        """Return one text per question; a prompt that the model cannot take is a RuntimeError."""
        prompts = [self._prompt(question) for question in questions]
        # A chat template writes the special tokens itself; a second set would change the prompt.
        inputs = self._tokenizer.encode(prompts, add_special_tokens=not self._has_template)
        made = self._pipeline.generate(inputs, **_settings(harness, seed=seed))
        texts = self._tokenizer.decode(made.tokens)
        sizes = inputs.attention_mask.data.sum(axis=1)
        return [
            Generated(
                _until_stop(text, harness.stop), int(size), len(tokens), _FINISHES.get(reason.name)
            )
            for text, size, tokens, reason in zip(
                texts, sizes, made.tokens, made.finish_reasons, strict=True
            )
        ]

    def _prompt(self, question: Question) -> str:
        if not self._has_template:
            system = "" if question.system is None else f"{question.system}\n"
            return system + question.prompt
        messages = [{"role": "user", "content": question.prompt}]
        if question.system is not None:
            messages.insert(0, {"role": "system", "content": question.system})
        return str(self._tokenizer.apply_chat_template(messages, add_generation_prompt=True))


def _until_stop(text: str, stops: Sequence[str]) -> str:
    """Return `text` up to the first stop string; the pipeline cuts at whole tokens only."""
    for stop in filter(None, stops):
        text = text.partition(stop)[0]
    return text


def _load(path: str, device: str) -> Model:
    if not Path(path).exists():
        raise EndpointError(f"model.id: no file at {path}, expected a GGUF file")
    try:
        # Imported here: most workers never need it, and it may not be installed.
        genai = importlib.import_module("openvino_genai")
    except ImportError:
        raise EndpointError(
            "endpoint.kind openvino needs openvino-genai, which is not installed: "
            "install the extra `cpu` (pip install 'viability[cpu]')"
        ) from None
    try:
        return OpenVinoModel(genai.LLMPipeline(path, device))
    except RuntimeError as error:
        raise EndpointError(f"model.id: {path} cannot be loaded on {device}: {error}") from None


def _settings(harness: HarnessSpec, /, *, seed: int | None) -> dict[str, Any]:
    settings: dict[str, Any] = {
        "max_new_tokens": harness.max_tokens,
        "stop_strings": set(harness.stop),
        "do_sample": bool(harness.temperature),
    }
    if harness.temperature:
        settings["temperature"] = harness.temperature
        settings["top_p"] = 1.0 if harness.top_p is None else harness.top_p
        settings["rng_seed"] = seed or 0
    return settings
