"""`viability plan`: golden sentences, standard error, the JSON file, and what it refuses."""

import json

import pytest

from evals.domain.specs import Comparator, CriterionSpec
from evals.queries.plancards import plan_card
from evals.queries.plancriteria import criterion_title
from evals.reports.planfiles import plan_document, plan_text
from tests.commands.conftest import recorded, rows
from tests.domain.plans import candidate, line, margin, planned

PAIR = (candidate("open"), candidate("gpt-x"))


@pytest.fixture
def socketless(monkeypatch):
    """Fail as soon as anything opens a connection."""

    def refuse(*_, **__):
        raise AssertionError("something opened a connection")

    monkeypatch.setattr("socket.socket.connect", refuse)


def flat(text: str) -> str:
    return " ".join(text.split())


@pytest.mark.usefixtures("socketless")
def test_the_plan_says_what_its_rows_can_tell_without_database_or_network(desk):
    desk.write("rows.csv", rows(180))
    desk.spec["bar"] = [{"metric": "exact_match", "at_least": 0.8}]
    desk.candidate["price"] = {"input_usd_per_mtok": 1, "output_usd_per_mtok": 2}
    ended = desk.run("plan")
    assert ended.status == 0
    assert "Colours: 180 of 180 samples" in ended.out
    assert "With 180 rows you can tell ±6 points." in ended.out
    assert "Smallest gap that 180 rows can tell: 7.3 points" in flat(ended.out)
    assert "Together 180 requests; $0.09" in flat(ended.out)
    assert "not measured yet: 2.00 s an answer assumed" in flat(ended.out)
    assert "warning: Exact match ≥ 0.8: 180 rows are few for 0.8" in ended.err


def test_a_plan_that_nothing_can_meet_says_so_before_it_starts(desk):
    desk.write("rows.csv", rows(10))
    ended = desk.run("plan")
    assert ended.status == 0
    assert "10 rows can never prove 0.9: 29 rows, all passing, is the least" in ended.err
    assert "Nothing can meet this with 10 rows: 29, all passing, is the least." in flat(ended.out)


def test_true_rates_can_be_assumed_and_the_json_has_the_same_content(desk):
    path = desk.folder / "plan.json"
    ended = desk.run("plan", "--json", str(path), "--assume", "0.95", "0.97")
    document = json.loads(path.read_text())
    assert document["schema"] == "viability.plan/1"
    assert document["resolution"] in ended.out
    assert all(warning in ended.err for warning in document["warnings"])
    (criterion,) = document["criteria"]
    assert (criterion["at_least"], criterion["all_pass_samples"]) == (0.9, 29)
    assert [each["rate"] for each in criterion["assumed"]] == [0.95, 0.97]
    assert document["candidates"][0]["expected"]["requests"] == 60
    assert document["candidates"][0]["worst"]["usd"] is None
    assert document["total"]["unpriced"] == ["open-one"]


@pytest.mark.parametrize("rate", ["1.5", "-0.1", "much", "nan"])
def test_a_rate_that_is_none_is_refused(desk, rate):
    ended = desk.run("plan", f"--assume={rate}")
    assert ended.status == 3
    assert f"found '{rate}', expected a rate between 0 and 1" in ended.err


def test_a_bad_spec_is_refused_with_its_line(desk):
    desk.spec["plan"] = {"epochs": 0}
    ended = desk.run("plan")
    assert ended.status == 3
    assert "spec.yaml" in ended.err
    assert "plan.epochs: found 0" in ended.err
    assert ended.out == ""


def test_a_file_that_cannot_be_written_is_refused_first(desk):
    ended = desk.run("plan", "--json", str(desk.folder / "gone" / "plan.json"))
    assert ended.status == 3
    assert "found no folder" in ended.err


def test_recorded_answers_ask_nobody(desk):
    desk.write("answers.csv", "text,answer\na,b\n")
    desk.spec["candidates"] = [recorded()]
    ended = desk.run("plan")
    assert "Together 0 requests; $0.00 (no cap)" in flat(ended.out)
    assert "logs: recorded answers: nobody is asked." in flat(ended.out)


def test_names_are_printed_as_they_are(desk):
    desk.candidate["name"] = "[red]one[/red]"
    assert "[red]one[/red]" in desk.run("plan").out


def test_a_stop_rule_is_told_with_walds_floor_and_the_evidence_it_wants():
    card = plan_card(planned(samples=3000, stop_early=True, candidates=(*PAIR, candidate("b"))))
    notes = " ".join(card.notes)
    assert "3 candidates share the risk of a wrong GO: each needs evidence of 60 to 1" in notes
    assert "a candidate, if it has a true rate of 0.9 (exact match ≥ 0.85)." in notes
    (criterion,) = card.criteria
    assert criterion.columns[-3:] == ("Read on average", "Wald's floor", "Ratio")
    assert criterion.rows[0][1:4] == ("under 1 %", "over 99 %", "under 1 %")


def test_the_case_that_is_expected_is_told_in_full():
    latency = line(2.0, Comparator.AT_MOST, "latency_p95_seconds")
    bar = (line(advisory=True), margin(), latency)
    plan = planned(*bar, candidates=PAIR, incumbent="gpt-x", samples=900, stop_early=True)
    notes = " ".join(plan_card(plan).notes)
    truth = "if it equals the incumbent, with 15 % differing and has 99.5 % of answers in time"
    assert f"{truth} (p95 latency ≤ 2 s)." in notes
    bare = plan_card(planned(line(advisory=True), samples=50, stop_early=True))
    assert "Expected: about 50 samples a candidate." in bare.notes


def test_a_fixed_plan_is_told_with_holms_level():
    notes = " ".join(plan_card(planned(candidates=(*PAIR, candidate("b")))).notes)
    assert "(Holm's rule): the first has to clear 0.0167" in notes
    assert "The bar is read once" in notes


def test_a_margin_is_told_with_what_it_costs():
    plan = planned(margin(0.03), candidates=PAIR, incumbent="gpt-x", samples=371)
    (criterion,) = plan_card(plan).criteria
    assert criterion.title == "exact match within 0.03 of the incumbent"
    assert "Smallest margin that 371 rows can show: 5.0 points" in criterion.sentence
    assert criterion.columns[4] == "Margin 0.03"
    assert criterion.rows[2][4] == "1,031"
    early = plan_card(
        planned(margin(), candidates=PAIR, incumbent="gpt-x", samples=900, stop_early=True)
    )
    assert early.criteria[0].columns[-2:] == ("GO", "Read on average")
    assert len(early.criteria[0].rows[0]) == len(early.criteria[0].columns)


def test_a_stopping_plan_writes_its_figures_into_the_json():
    bar = (line(), margin(), line(1.5, Comparator.AT_MOST, "cost_per_1k_usd"))
    plan = planned(*bar, candidates=PAIR, incumbent="gpt-x", samples=900, stop_early=True)
    document = plan_document(plan, headline="", warnings=())
    rate, paired, cost = document["criteria"]
    assert rate["assumed"][2]["ratio_to_wald"] < 1.5
    assert paired["assumed"][0]["discordance"] == 0.05
    assert paired["assumed"][0]["margins"][2]["margin"] == 0.03
    assert cost["assumed"] is None
    assert json.loads(plan_text(plan, headline="", warnings=())) == document


@pytest.mark.parametrize(
    ("criterion", "title"),
    [
        (line(slice={"channel": "phone"}), "exact match ≥ 0.85, channel phone"),
        (line(2.0, Comparator.AT_MOST, "latency_p95_seconds"), "p95 latency ≤ 2 s"),
        (line(0.1, Comparator.AT_MOST), "exact match ≤ 0.1"),
    ],
)
def test_a_line_of_the_bar_is_named_as_people_say_it(criterion: CriterionSpec, title):
    assert criterion_title(criterion) == title


def test_a_rate_that_is_good_when_low_is_told_so():
    (criterion,) = plan_card(planned(line(0.1, Comparator.AT_MOST), samples=400)).criteria
    assert "or less is GO in 80 % of the cases" in criterion.sentence
    (hopeless,) = plan_card(planned(line(0.1, Comparator.AT_MOST), samples=10)).criteria
    assert hopeless.sentence == "Nothing can meet this with 10 rows: 29, all 0, is the least."


def test_asking_again_adds_no_rows():
    assert "the rows count" in " ".join(plan_card(planned(epochs=3)).notes)


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["plan", "evaluate"])
def test_a_plan_that_skips_every_row_is_refused_with_its_line(desk, command):
    desk.write("rows.csv", rows(10))
    desk.spec["plan"] = {**desk.spec.get("plan", {}), "skip_samples": 10}
    ended = desk.run(command)
    assert ended.status == 3
    assert "plan.skip_samples: found 10, expected fewer than the 10 samples" in ended.err


def test_rows_that_are_skipped_are_not_planned(desk):
    desk.write("rows.csv", rows(180))
    desk.spec["plan"] = {**desk.spec.get("plan", {}), "skip_samples": 100}
    assert "80 of 180 samples" in desk.run("plan").out
