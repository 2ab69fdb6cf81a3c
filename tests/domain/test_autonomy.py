"""The ladder from R0 to R5, and what the team's own evidence changes."""

from dataclasses import replace
from datetime import date

import pytest

from evals.domain.autonomy import Part, Rung, State, ladder_of, rung_of
from evals.domain.modelfacts import Component, Host, LicenceKind, ModelFacts, TeamEvidence
from evals.domain.openness import KINDS
from tests.known import known

APACHE = ((LicenceKind.DISTRIBUTION, "Apache-2.0"),)
DAY = date(2026, 6, 1)
SHA = "a" * 64
UP_TO = {
    Rung.R1: ("Model parameters (Final)", "Inference code"),
    Rung.R3: ("Evaluation code", "Evaluation data"),
    Rung.R4: ("Training code", "Technical report", "Data card"),
    Rung.R5: ("Datasets", "Data preprocessing code", "Model parameters (Intermediate)"),
}


def facts(*names, licences=APACHE, **others):
    components = None if not names else tuple(Component(name=name) for name in names)
    base = {"is_open": True, "has_tokenizer": True, **others}
    return ModelFacts(identifier="lab/m", name="m", licences=licences, components=components, **base)  # noqa: E501  # fmt: skip


def up_to(rung):
    return [name for each, names in UP_TO.items() if each <= rung for name in names]


@pytest.mark.parametrize("rung", [Rung.R3, Rung.R4, Rung.R5])
def test_a_rung_is_reached_with_all_that_it_and_those_below_ask_for(rung):
    assert rung_of(facts(*up_to(rung))) is rung


def test_weights_and_code_to_run_them_are_r1_and_a_tokenizer_makes_it_r2():
    names = up_to(Rung.R1)
    assert rung_of(facts(*names, has_tokenizer=False)) is Rung.R1
    assert rung_of(facts(*names)) is Rung.R2
    assert rung_of(facts(*names, is_fine_tunable=False)) is Rung.R1


def test_a_closed_model_is_an_api_alone():
    ladder = ladder_of(facts(is_open=False, licences=(), has_tokenizer=None))
    assert ladder.rung is Rung.R0
    assert known(ladder.next_step).missing[0].reason == "not published"


def test_nothing_known_is_unknown_and_no_rung():
    blank = ModelFacts(identifier="lab/m", name="m")
    assert rung_of(blank) is None
    assert {step.state for step in ladder_of(blank).steps} == {State.UNKNOWN}


def test_a_rung_above_one_that_is_missed_is_missed_too():
    names = [name for name in up_to(Rung.R5) if name != "Evaluation code"]
    ladder = ladder_of(facts(*names))
    assert ladder.rung is Rung.R2
    assert [step.state for step in ladder.steps] == ["yes", "yes", "no", "no", "no"]


@pytest.mark.parametrize(
    ("licence", "rung"),
    [
        ("Llama 3 Community License", Rung.R2),
        ("CC-BY-NC-4.0", Rung.R0),
        ("CC-BY-ND-4.0", Rung.R1),
        ("House rules", None),
    ],
)
def test_the_licence_of_the_weights_decides_what_may_be_done(licence, rung):
    components = (
        Component(name="Model parameters (Final)", licence=licence),
        Component(name="Inference code", licence="MIT"),
    )
    assert rung_of(replace(facts(), components=components, licences=())) is rung


def test_others_who_serve_it_show_that_it_can_be_run():
    alone = facts(developer="Lab", hosts=(Host(name="Lab"), Host(name="Router", is_gateway=True)))
    shared = replace(alone, hosts=(*known(alone.hosts), Host(name="Cloud")))
    assert rung_of(alone) is None
    assert rung_of(shared) is Rung.R2


def test_the_code_of_the_architecture_will_do_to_run_it():
    assert rung_of(facts("Model parameters (Final)", "Model architecture")) is Rung.R2
    assert rung_of(facts("Model parameters (Final)", "Model card")) is Rung.R0


def test_a_run_on_hardware_of_ones_own_outranks_what_is_published():
    unknown = facts(has_tokenizer=None)
    assert rung_of(unknown) is None
    assert rung_of(unknown, ran_on=DAY) is Rung.R2
    assert "ran here on 2026-06-01" in ladder_of(unknown, ran_on=DAY).steps[0].needs[0].reason


def test_what_the_team_tested_outranks_what_is_not_published():
    names = [name for name in up_to(Rung.R3) if not name.startswith("Evaluation")]
    tested = tuple(TeamEvidence(part=part, tested_on=DAY) for part in ("tooling", "data"))
    assert rung_of(facts(*names)) is Rung.R2
    assert rung_of(facts(*names, evidence=tested)) is Rung.R3


def test_a_test_of_the_weights_is_none_of_the_checkpoints_or_of_fine_tuning():
    held = (TeamEvidence(part="weights", tested_on=DAY, mirror_sha256=SHA),)
    names = [*up_to(Rung.R4), *UP_TO[Rung.R5][:2]]
    assert rung_of(facts(*names, evidence=held)) is Rung.R4
    assert rung_of(facts(*names, evidence=held, is_fine_tunable=False)) is Rung.R1


def test_no_test_overrules_a_licence():
    held = (TeamEvidence(part="weights", tested_on=DAY),)
    licences = ((LicenceKind.DISTRIBUTION, "CC-BY-NC-4.0"),)
    assert rung_of(facts(*up_to(Rung.R1), licences=licences, evidence=held)) is Rung.R0


def test_a_part_says_what_is_published_allowed_kept_and_tested():
    held = (TeamEvidence(part="weights", tested_on=DAY, mirror_sha256=SHA),)
    parts = {part.part: part for part in ladder_of(facts(*up_to(Rung.R1), evidence=held)).parts}
    weights, recipe = parts[Part.WEIGHTS], parts[Part.RECIPE]
    assert (weights.published, weights.allowed) == (State.NO, State.YES)
    assert (weights.mirror_sha256, weights.tested_on) == (SHA, DAY)
    assert (recipe.published, recipe.tested_on) == (State.NO, None)


def test_the_next_step_is_none_at_the_top():
    whole = facts(*(kind.name for kind in KINDS))
    assert ladder_of(whole).next_step is None
    assert rung_of(whole) is Rung.R5
