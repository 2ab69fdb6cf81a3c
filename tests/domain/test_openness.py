"""The Model Openness Framework as its reference tool counts it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evals.domain.modelfacts import Component, LicenceKind
from evals.domain.openness import (
    KINDS,
    PAPER,
    REPORT,
    MofClass,
    Standing,
    assess,
    close_component,
    component_called,
)
from tests.known import known

CLASS_III = (
    "Model architecture",
    "Model parameters (Final)",
    "Technical report",
    "Evaluation results",
    "Model card",
    "Data card",
)
CLASS_II = (
    *CLASS_III,
    "Training code",
    "Inference code",
    "Evaluation code",
    "Evaluation data",
)
CLASS_I = (
    *CLASS_II,
    "Datasets",
    "Data preprocessing code",
    "Model parameters (Intermediate)",
    "Research paper",
)
APACHE = ((LicenceKind.DISTRIBUTION, "Apache-2.0"),)
SHORT = {
    "architecture": "Model architecture",
    "weights": "Model parameters (Final)",
    "checkpoints": "Model parameters (Intermediate)",
    "preprocessing": "Data preprocessing code",
    "training": "Training code",
    "inference": "Inference code",
    "evaluation": "Evaluation code",
    "evaldata": "Evaluation data",
    "results": "Evaluation results",
    "card": "Model card",
    "datacard": "Data card",
    "report": "Technical report",
    "paper": "Research paper",
    "datasets": "Datasets",
    "outputs": "Sample model outputs",
    "tools": "Supporting libraries and tools",
    "metadata": "Model metadata",
}
# What the reference tool's own regression files contain and what it makes of them.
# Components with their own licences, licences of the release, class, progress of I, II, III.
REFERENCE = {
    "global licences alone": (
        "datasets datacard paper",
        "distribution=CC-BY-SA-4.0 data=CC0-1.0",
        (None, 0, 0, 33),
    ),
    "all but the results": (
        (
            "architecture preprocessing training inference evaluation tools weights checkpoints"
            " datasets evaldata metadata outputs card datacard report"
        ),
        "distribution=AFL-3.0 code=Apache-1.0 document=CC-BY-SA-4.0",
        (None, 0, 0, 83),
    ),
    "a paper for the report, class II": (
        (
            "architecture=MIT training=AFL-3.0 inference=NCSA evaluation=ECL-1.0 tools=Apache-2.0"
            " weights=CC-BY-3.0-NL evaldata=CC-BY-3.0-US card=CC-BY-SA-3.0 datacard=CC-BY-4.0"
            " paper=CC-BY-SA-3.0 results=CC-BY-4.0"
        ),
        "document=CC0-1.0",
        ("II", 77, 100, 100),
    ),
    "a report, class II": (
        (
            "architecture=Apache-2.0 training=ECL-1.0 inference=AFL-1.1 evaluation=MIT-0"
            " weights=CC-BY-3.0-DE evaldata=ODC-By-1.0 card=CC0-1.0 datacard=CC-BY-SA-4.0"
            " report=CC0-1.0 results=CC-BY-SA-4.0"
        ),
        "data=CDLA-Permissive-2.0",
        ("II", 71, 100, 100),
    ),
    "own licences go before those of the release": (
        (
            "architecture=zlib-acknowledgement preprocessing=AFL-3.0 training=ECL-2.0"
            " evaluation=UPL-1.0 tools=AFL-1.1 weights=ODbL-1.0 checkpoints=Xfig datasets=CC-BY-2.0"
            " evaldata=CC-BY-SA-4.0 metadata=BSD-2-Clause outputs=CC-BY-4.0 card=CC-BY-SA-3.0"
            " datacard=SMLNJ report=CC0-1.0 results=CC-BY-SA-4.0"
        ),
        "distribution=CDLA-Permissive-2.0 code=ECL-2.0 data=CC-BY-2.5-AU document=CC-BY-4.0",
        (None, 0, 0, 83),
    ),
    "an open paper for a closed report": (
        (
            "architecture=BSD-3-Clause-Clear training=MPL-1.1 evaluation=softSurfer"
            " weights=CC-BY-SA-2.0-UK evaldata=CC-BY-2.0 report=BSD-3-Clause-Attribution"
            " paper=CDLA-Permissive-1.0"
        ),
        "distribution=CC-BY-SA-4.0 document=CC0-1.0",
        (None, 0, 0, 50),
    ),
    "deprecated identifiers of free licences": (
        (
            "weights=StandardML-NJ card=CC0-1.0 datacard=CC-BY-4.0 report=Sun-PPP"
            " paper=Community-Spec-1.0 results=Glulxe architecture=ulem"
        ),
        "",
        (None, 0, 0, 50),
    ),
    "class III exactly": (
        (
            "architecture=MIT-0 weights=CC-BY-2.0 card=CC-BY-4.0 datacard=CC-BY-SA-4.0"
            " report=CC-BY-4.0 results=CC0-1.0"
        ),
        "data=CC-BY-SA-2.0-UK",
        ("III", 0, 60, 100),
    ),
    "no licence at all": (
        "architecture training weights card report results paper",
        "",
        (None, 0, 0, 0),
    ),
    "a licence for documents alone": (
        "inference evaluation tools weights evaldata metadata outputs paper",
        "document=CC-BY-SA-4.0",
        (None, 0, 0, 17),
    ),
    "everything": (
        " ".join(SHORT),
        "distribution=AFL-1.2 code=AFL-2.1 data=CC-BY-2.5 document=CC0-1.0",
        ("I", 100, 100, 100),
    ),
}


def components(text: str) -> list[Component]:
    pairs = (part.partition("=") for part in text.split())
    return [Component(name=SHORT[name], licence=licence or None) for name, _, licence in pairs]


def licences(text: str) -> list[tuple[LicenceKind, str]]:
    pairs = (part.partition("=") for part in text.split())
    return [(LicenceKind(kind), licence) for kind, _, licence in pairs]


def named(*names: str) -> list[Component]:
    return [Component(name=name) for name in names]


def told(found):
    return (found.mof_class, *(found.progress[each] for each in reversed(MofClass)))


@pytest.mark.parametrize("case", REFERENCE.values(), ids=REFERENCE)
def test_it_comes_to_what_the_reference_tool_comes_to(case):
    included, of_release, expected = case
    assert told(assess(components(included), licences(of_release))) == expected


def test_there_are_17_components_of_which_6_then_4_then_4_are_required():
    assert len(KINDS) == 17
    required = [kind.mof_class for kind in KINDS if kind.is_required]
    assert [required.count(each) for each in MofClass] == [6, 4, 4]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (CLASS_III, ("III", 0, 60, 100)),
        (CLASS_II, ("II", 71, 100, 100)),
        (CLASS_I, ("I", 100, 100, 100)),
        (CLASS_I[:-1], ("II", 93, 100, 100)),
        ([name for name in CLASS_I if name != REPORT.name], ("I", 100, 100, 100)),
        ([*CLASS_III[:5], *CLASS_I[6:13]], (None, 0, 0, 83)),
        ((), (None, 0, 0, 0)),
    ],
)
def test_a_class_is_reached_when_all_below_it_is_there_too(names, expected):
    assert told(assess(named(*names), APACHE)) == expected


def test_without_the_report_class_i_asks_for_13_components():
    openness = assess(named(*(name for name in CLASS_I if name != REPORT.name)), APACHE)
    assert openness.wanted == {"III": 6, "II": 10, "I": 13}
    assert openness.of(PAPER).replaces_report


def test_a_licence_is_looked_for_at_the_component_then_its_type_then_the_whole():
    of_release = [(LicenceKind.DISTRIBUTION, "MIT"), (LicenceKind.DATA, "CC0-1.0")]
    found = assess([*named("Datasets", "Training code"), Component(name="Model card", licence="ISC")], of_release)  # noqa: E501  # fmt: skip
    where = {f.kind.name: (f.licence, f.origin) for f in found.findings if f.is_included}
    assert where == {
        "Datasets": ("CC0-1.0", LicenceKind.DATA),
        "Training code": ("MIT", LicenceKind.DISTRIBUTION),
        "Model card": ("ISC", None),
    }


@pytest.mark.parametrize("blank", ["", "unlicensed", "Unlicensed", "License not specified"])
def test_a_component_that_says_it_has_no_licence_inherits_none(blank):
    found = assess([Component(name="Model card", licence=blank)], APACHE)
    assert standing(found, "Model card") is Standing.UNLICENSED


def test_an_open_licence_of_another_kind_counts_and_is_told():
    found = assess(named("Model parameters (Final)"), APACHE)
    assert standing(found, "Model parameters (Final)") is Standing.COUNTS_UNFITTING
    assert found.progress[MofClass.OPEN_MODEL] == 17


def test_a_component_that_is_listed_as_not_included_is_not():
    found = assess([Component(name="Datasets", licence="Component not included")], APACHE)
    assert standing(found, "Datasets") is Standing.MISSING


def test_of_several_licences_all_have_to_be_open():
    both = assess([Component(name="Model card", licence="MIT AND CC-BY-4.0")])
    one = assess([Component(name="Model card", licence="MIT AND Llama 3 Community License")])
    assert standing(both, "Model card") is Standing.COUNTS_UNFITTING
    assert standing(one, "Model card") is Standing.NOT_OPEN


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("Model parameters (final)", "Model parameters (Final)"),
        ("MODEL PARAMETERS FINAL", "Model parameters (Final)"),
        ("Dataset", "Datasets"),
        ("supporting libraries & tools", "Supporting libraries and tools"),
        ("model meta-data", None),
        ("Model metadata", "Model metadata"),
        ("Sample Model Output", "Sample model outputs"),
        ("Model parameters", None),
        ("Wishes", None),
    ],
)
def test_small_differences_in_a_name_do_not_matter(written, name):
    kind = component_called(written)
    assert (kind.name if kind else None) == name


def test_a_name_that_is_nearly_one_is_told_which():
    assert known(close_component("Trainning code")).name == "Training code"


def test_names_that_are_no_components_count_for_nothing():
    assert told(assess(named("Wishes", "Hopes"), APACHE)) == (None, 0, 0, 0)


@given(st.lists(st.sampled_from([kind.name for kind in KINDS]), unique=True), st.data())
def test_another_open_component_never_takes_a_class_away(names, data):
    more = [*names, data.draw(st.sampled_from([kind.name for kind in KINDS]))]
    before, after = assess(named(*names), APACHE), assess(named(*more), APACHE)
    for mof_class in MofClass:
        assert before.progress[mof_class] <= after.progress[mof_class]


@given(st.lists(st.sampled_from([kind.name for kind in KINDS]), unique=True))
def test_the_class_is_the_best_one_at_100_per_cent(names):
    openness = assess(named(*names), APACHE)
    whole = [mof_class for mof_class in MofClass if openness.progress[mof_class] == 100]
    assert openness.mof_class == (whole[-1] if whole else None)


def standing(openness, name):
    return next(f.standing for f in openness.findings if f.kind.name == name)
