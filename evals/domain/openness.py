"""The Model Openness Framework: which of its 17 components came with a release, and the class.

Counted as the framework's reference tool (the Model Openness Tool) counts.
Source: White et al. (2024), arXiv:2403.13784, and the tool's evaluator.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum

from evals.domain.licences import ContentType, counts_as_open, fits
from evals.domain.modelfacts import Component, LicenceKind

NOT_INCLUDED = "component not included"
NO_LICENCE = {"", "unlicensed", "license not specified", "licence not specified"}


class MofClass(StrEnum):
    """A class of the framework; each asks for all that the one before it asks for."""

    OPEN_MODEL = "III"
    OPEN_TOOLING = "II"
    OPEN_SCIENCE = "I"


@dataclass(frozen=True, slots=True)
class ComponentKind:
    """One of the 17 components."""

    name: str
    content: ContentType
    mof_class: MofClass
    is_required: bool = True


_CODE, _DATA, _DOCUMENT = ContentType.CODE, ContentType.DATA, ContentType.DOCUMENT
_III, _II, _I = MofClass.OPEN_MODEL, MofClass.OPEN_TOOLING, MofClass.OPEN_SCIENCE
ARCHITECTURE = ComponentKind("Model architecture", _CODE, _III)
FINAL_WEIGHTS = ComponentKind("Model parameters (Final)", _DATA, _III)
REPORT = ComponentKind("Technical report", _DOCUMENT, _III)
DATA_CARD = ComponentKind("Data card", _DOCUMENT, _III)
TRAINING_CODE = ComponentKind("Training code", _CODE, _II)
INFERENCE_CODE = ComponentKind("Inference code", _CODE, _II)
EVALUATION_CODE = ComponentKind("Evaluation code", _CODE, _II)
EVALUATION_DATA = ComponentKind("Evaluation data", _DATA, _II)
DATASETS = ComponentKind("Datasets", _DATA, _I)
PREPROCESSING = ComponentKind("Data preprocessing code", _CODE, _I)
CHECKPOINTS = ComponentKind("Model parameters (Intermediate)", _DATA, _I)
PAPER = ComponentKind("Research paper", _DOCUMENT, _I)
KINDS = (
    ARCHITECTURE,
    FINAL_WEIGHTS,
    REPORT,
    ComponentKind("Evaluation results", _DOCUMENT, _III),
    ComponentKind("Model card", _DOCUMENT, _III),
    DATA_CARD,
    ComponentKind("Sample model outputs", _DOCUMENT, _III, is_required=False),
    TRAINING_CODE,
    INFERENCE_CODE,
    EVALUATION_CODE,
    EVALUATION_DATA,
    ComponentKind("Supporting libraries and tools", _CODE, _II, is_required=False),
    DATASETS,
    PREPROCESSING,
    CHECKPOINTS,
    PAPER,
    ComponentKind("Model metadata", _DATA, _I, is_required=False),
)


class Standing(StrEnum):
    """How one component counts."""

    COUNTS = "counts"
    COUNTS_UNFITTING = "counts, though its licence was made for something else"
    NOT_OPEN = "does not count: its licence is not an open one"
    UNLICENSED = "does not count: no licence"
    MISSING = "not included"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One component of a release. `origin` None: the licence is its own, or there is none."""

    kind: ComponentKind
    standing: Standing
    licence: str | None = None
    origin: LicenceKind | None = None
    replaces_report: bool = False

    @property
    def is_included(self) -> bool:
        """Whether the component came with the release, however licensed."""
        return self.standing is not Standing.MISSING

    @property
    def is_open(self) -> bool:
        """Whether it came under an open licence."""
        return self.standing in {Standing.COUNTS, Standing.COUNTS_UNFITTING}


@dataclass(frozen=True, slots=True, kw_only=True)
class Openness:
    """A release by the framework. `progress` is in whole per cent, 0 while a lower class is unmet.

    `counted` and `wanted` say of how many required components that is, lower classes included.
    """

    mof_class: MofClass | None
    progress: Mapping[MofClass, int]
    counted: Mapping[MofClass, int]
    wanted: Mapping[MofClass, int]
    findings: tuple[Finding, ...]

    def of(self, kind: ComponentKind) -> Finding:
        """Return what was found of a component."""
        return next(finding for finding in self.findings if finding.kind is kind)


def assess(
    components: Sequence[Component], licences: Sequence[tuple[LicenceKind, str]] = ()
) -> Openness:
    """Return the class and progress of a release with these components.

    Args:
        components: Those included. Of one that is there twice, the last counts; names that are
            none of the 17 count for nothing.
        licences: The release's own licences, for components that name none.
    """
    named = {component_called(component.name): component for component in components}
    overall = {kind: licence for kind, licence in licences if licence}
    findings = [_finding(kind, named.get(kind), overall) for kind in KINDS]
    return _with_classes(_with_paper_for_report(findings))


def component_called(name: str) -> ComponentKind | None:
    """Return the component of that name, whatever its case, order, plural and punctuation."""
    return _BY_WORDS.get(_words(name))


def close_component(name: str) -> ComponentKind | None:
    """Return the component that was probably meant by a name that is none of them."""
    names = {kind.name.casefold(): kind for kind in KINDS}
    close = get_close_matches(name.casefold(), names, n=1)
    return names[close[0]] if close else None


def _words(name: str) -> frozenset[str]:
    words = re.findall(r"[a-z0-9]+", name.casefold())
    return frozenset(word.removesuffix("s") for word in words) - {"and", "the", "of"}


_BY_WORDS = {_words(kind.name): kind for kind in KINDS}


def _finding(
    kind: ComponentKind, component: Component | None, overall: Mapping[LicenceKind, str]
) -> Finding:
    own = None if component is None else component.licence
    if component is None or (own or "").casefold() == NOT_INCLUDED:
        return Finding(kind=kind, standing=Standing.MISSING)
    licence, origin = (own, None) if own is not None else _inherited(kind, overall)
    if licence is None or licence.casefold() in NO_LICENCE:
        return Finding(kind=kind, standing=Standing.UNLICENSED)
    standing = Standing.NOT_OPEN
    if counts_as_open(licence):
        is_fitting = fits(licence, kind.content)
        standing = Standing.COUNTS if is_fitting else Standing.COUNTS_UNFITTING
    return Finding(kind=kind, standing=standing, licence=licence, origin=origin)


def _inherited(
    kind: ComponentKind, overall: Mapping[LicenceKind, str]
) -> tuple[str | None, LicenceKind | None]:
    for origin in (LicenceKind(kind.content.value), LicenceKind.DISTRIBUTION):
        if origin in overall:
            return overall[origin], origin
    return None, None


def _with_paper_for_report(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Let an open research paper stand for a technical report that does not count."""
    by_kind = {finding.kind: finding for finding in findings}
    stands = by_kind[PAPER].is_open and not by_kind[REPORT].is_open
    return tuple(
        Finding(
            kind=PAPER,
            standing=finding.standing,
            licence=finding.licence,
            origin=finding.origin,
            replaces_report=True,
        )
        if stands and finding.kind is PAPER
        else finding
        for finding in findings
    )


def _with_classes(findings: tuple[Finding, ...]) -> Openness:
    progress: dict[MofClass, int] = {}
    counted: dict[MofClass, int] = {}
    wanted: dict[MofClass, int] = {}
    reached: MofClass | None = None
    is_below_met = True
    for mof_class in MofClass:
        asked = _asked_for(mof_class, findings)
        wanted[mof_class] = len(asked)
        counted[mof_class] = sum(finding.is_open for finding in asked)
        is_met = is_below_met and counted[mof_class] == wanted[mof_class]
        share = counted[mof_class] / wanted[mof_class] if is_below_met else 0
        progress[mof_class] = round(100 * share)
        reached, is_below_met = (mof_class if is_met else reached), is_met
    return Openness(
        mof_class=reached, progress=progress, counted=counted, wanted=wanted, findings=findings
    )


def _asked_for(mof_class: MofClass, findings: Sequence[Finding]) -> list[Finding]:
    """Return what a class asks for, lower ones included; a paper may stand in for the report."""
    below = list(MofClass)[: list(MofClass).index(mof_class) + 1]
    asked = [f for f in findings if f.kind.is_required and f.kind.mof_class in below]
    paper = next(finding for finding in findings if finding.kind is PAPER)
    if not paper.replaces_report:
        return asked
    others = [finding for finding in asked if finding.kind not in {REPORT, PAPER}]
    return [*others, paper]
