"""What the page of an evaluation says about why, and how sure that is."""

import json
import re
from typing import Any

import pytest
from django.urls import reverse

from evals.domain.paired import PairedTable
from evals.domain.specs import Comparator, CriterionSpec, PlanSpec, ScorerSpec
from evals.models import Evaluation
from evals.models.evaluations import RunState
from evals.queries import figures
from evals.queries.evaluationprogress import progress_of_results
from evals.queries.linewords import line_interval
from evals.queries.outcomes import lines_of, load_results
from evals.queries.verdictcards import verdict_cards
from tests import make

pytestmark = pytest.mark.django_db
PHONE = {"channel": "phone"}
AT_LEAST, AT_MOST, WITHIN = Comparator.AT_LEAST, Comparator.AT_MOST, Comparator.WITHIN


def line(threshold: float, comparator: Comparator = AT_LEAST, **others: Any) -> CriterionSpec:
    others.setdefault("metric", "exact_match")
    return CriterionSpec(comparator=comparator, threshold=threshold, **others)


def shown(client: Any, evaluation: Evaluation) -> str:
    address = reverse("evals:evaluation", args=[evaluation.pk])
    page = client.get(address).content.decode().replace("&#x27;", "'")
    return re.sub(r"\s+", " ", page)


def found(team: Any, *bar: CriterionSpec, right: dict[str, int], **options: Any) -> Evaluation:
    return make.evaluation(make.task(team), right=right, criteria=bar, **options)


def test_a_margin_that_is_kept(viewer_client, team):
    made = found(team, line(0.1, WITHIN), right={"gpt-x": 290, "open-model": 285}, samples=300)
    page = shown(viewer_client, made)
    assert (
        "open-model clears the bar: exact match 1.7 points below the incumbent, at most 10 allowed."
    ) in page
    tango = PairedTable(both=285, only_candidate=0, only_incumbent=5, neither=10).interval()
    assert tango is not None
    low, high = (figures.difference(end) for end in (tango.low, tango.high))
    assert f"95 % interval {low} to {high}, n = 300 of 300." in page
    assert "the paired difference from the incumbent: exact paired test in Tango's order (" in page
    assert re.search(r"A margin under 3\.\d points for exact match would no longer be met", page)
    assert "exact match within 0.1 of the incumbent" in page


def test_a_margin_that_is_missed(viewer_client, team):
    made = found(team, line(0.03, WITHIN), right={"gpt-x": 290, "open-model": 200}, samples=300)
    page = shown(viewer_client, made)
    assert "open-model misses the bar: exact match 30 points below the incumbent" in page
    assert re.search(r"A margin of 2\d(\.\d)? points or more for exact match would no longer", page)


@pytest.mark.parametrize(
    ("right", "words"),
    [
        (298, "exact match 2.7 points above the incumbent, at most 10 points below allowed"),
        (290, "exact match level with the incumbent, at most 10 points below allowed"),
    ],
)
def test_a_candidate_that_is_no_worse(viewer_client, team, right, words):
    made = found(team, line(0.1, WITHIN), right={"gpt-x": 290, "open-model": right}, samples=300)
    assert words in shown(viewer_client, made)


def test_a_margin_of_any_size_is_kept_by_who_is_better(viewer_client, team):
    made = found(team, line(0.1, WITHIN), right={"gpt-x": 200, "open-model": 290}, samples=300)
    assert "No margin would: by this evidence its exact match is no worse" in shown(
        viewer_client, made
    )


def test_a_slice_and_a_level_are_named(viewer_client, team):
    made = found(team, line(0.8, slice=PHONE, alpha=0.01), right={"open-model": 100}, samples=100)
    page = shown(viewer_client, made)
    assert (
        "open-model clears the bar: 1.000 exact match where channel is phone against 0.8 required."
    ) in page
    assert ", n = 50. Judged by the one-sided Clopper-Pearson bound (0.912), alpha 0.01" in page
    assert "alpha 0.01 for this line." in page
    assert "exact match where channel is mail" in page
    assert "A bar above 0.912 for exact match where channel is phone" in page
    assert "The chance that the true rate where channel is phone is at least 0.8 is over" in page


def test_a_latency_of_a_slice_has_its_own_figures(viewer_client, team):
    lines = [
        line(limit, AT_MOST, metric="latency_p95_seconds", slice=PHONE) for limit in (2.0, 0.26)
    ]
    met = found(team, lines[0], right={}, samples=200)
    page = shown(viewer_client, met)
    assert "0.44 s p95 latency where channel is phone against at most 2 s allowed" in page
    assert "Slower answers where channel is phone: at least 97.0 % come within 2 s" in page
    missed = found(team, lines[1], right={}, samples=200)
    page = shown(viewer_client, missed)
    assert "Faster answers where channel is phone, or a longer limit: at most" in page


def test_the_first_figure_is_that_of_all_samples(viewer_client, team):
    made = found(team, line(0.99, slice=PHONE), line(0.5), right={"open-model": 90}, samples=100)
    page = shown(viewer_client, made)
    assert '<span class="num">0.900</span>' in page
    portfolio = viewer_client.get(reverse("evals:portfolio")).content.decode()
    assert "0.900" in portfolio


def test_a_fixed_n_that_is_undecided_asks_for_a_new_evaluation(viewer_client, team):
    page = shown(viewer_client, found(team, line(0.8), right={"open-model": 17}))
    assert "open-model is not settled: 0.850 exact match against 0.8 required." in page
    assert re.search(r"A new evaluation of about [\d,]+ samples would settle exact match", page)
    assert re.search(r"Still needed: a new evaluation of about [\d,]+ samples\.", page)
    assert "The chance that the true rate is at least 0.8 is 0." in page


def settled(team: Any) -> Evaluation:
    """Return an evaluation that its stop rule settles long before the last stored answer."""
    specs = [make.candidate_spec()]
    made = make.live_evaluation(
        make.task(team),
        samples=200,
        candidates=specs,
        criteria=[line(0.6)],
        plan=PlanSpec(stop_early=True),
    )
    run = made.runs.get()
    make.answer(run, asked=40)
    make.complete(run)
    return make.finish(made)


def test_a_stop_rule_says_what_it_saved_and_left_unread(viewer_client, team):
    page = shown(viewer_client, settled(team))
    said = re.search(
        r"The verdict settled after (\d+) of 200 samples; 160 not needed, about (\$[\d.]+) saved\. "
        r"(\d+) later answers were stored and not read\.",
        page,
    )
    assert said is not None
    assert int(said[1]) + int(said[3]) == 40
    assert f"{said[3]} more trials were answered before the rule was read: stored, paid" in page
    assert "level 0.05" not in page


def test_a_stop_rule_that_settles_nothing_says_so(viewer_client, team):
    made = found(
        team, line(0.8), right={"open-model": 17, "gpt-x": 17}, plan=PlanSpec(stop_early=True)
    )
    page = shown(viewer_client, made)
    assert "Not settled by 20 of 20 samples." in page
    assert re.search(r"About [\d,]+ more samples would settle exact match", page)


def test_several_candidates_say_their_share(viewer_client, team):
    specs = [make.incumbent_spec(), *(make.candidate_spec(f"open-{n}") for n in range(3))]
    right = {"gpt-x": 95, "open-0": 99, "open-1": 85, "open-2": 40}
    made = found(team, line(0.8), right=right, candidates=specs, samples=100)
    page = shown(viewer_client, made)
    assert "level 0.0167, this candidate's share of alpha 0.05" in page or "level 0.025" in page
    assert "Holm over the GO claims of 3 candidates; NO-GO is not corrected" in page


def test_how_it_was_judged_stands_on_the_page_and_in_the_file(viewer_client, team):
    made = found(team, line(0.8), right={})
    page = shown(viewer_client, made)
    assert "How this was judged" in page
    file = viewer_client.get(reverse("evals:evaluation_result", args=[made.pk]))
    method = json.loads(file.content)["method"]
    assert method["claim"] == ("future traffic like these samples: no finite-population correction")
    for said in method.values():
        assert said in page


def test_a_live_page_says_how_it_will_be_judged(viewer_client, team):
    page = shown(viewer_client, make.live_evaluation(make.task(team)))
    assert "no finite-population correction" in page
    assert "How this will be judged" in page


@pytest.mark.parametrize("plan", [PlanSpec(), PlanSpec(stop_early=True)])
@pytest.mark.parametrize("asked", [0, 1, 2])
@pytest.mark.parametrize("right", [0, 2])
def test_runs_of_next_to_nothing_are_undecided(viewer_client, team, plan, asked, right):
    made = make.live_evaluation(
        make.task(team), criteria=[line(0.8), line(0.1, WITHIN), line(0.7, slice=PHONE)], plan=plan
    )
    for run in made.runs.all():
        make.answer(run, asked=asked, right=right)
    made.runs.update(state=RunState.STOPPED, finished_at=make.NOON)
    make.finish(made)
    assert made.runs.get(is_incumbent=False).verdict.state == "undecided"
    page = shown(viewer_client, made)
    words = "has no answer to judge yet" if not asked else "is not settled"
    assert f"open-model {words}" in page
    assert "nan" not in page


def test_ties_and_partial_credit_are_compared(viewer_client, team):
    made = make.live_evaluation(
        make.task(team),
        samples=60,
        criteria=[line(0.2, WITHIN, metric="f1")],
        scorers=[ScorerSpec(name="f1")],
    )
    for run in made.runs.all():
        make.answer(run, scores={"f1": 0.5})
        make.complete(run)
    make.finish(made)
    page = shown(viewer_client, made)
    assert "f1 level with the incumbent" in page
    assert "+0.000" in page
    assert "no answers in common" not in page


def test_results_of_earlier_versions_are_still_shown(team):
    bar = [line(0.8), line(0.9, slice=PHONE)]
    results = load_results(found(team, *bar, right={"open-model": 19}))
    for outcome in results.outcomes:
        for each in outcome.document["criteria"]:
            del each["low"], each["high"], each["interval_method"], each["level"]
        del outcome.document["stopping"]
    card = verdict_cards(results, today=make.NOON.date())[0]
    assert card.evidence.startswith("95 % interval 0.764 to 0.991, n = 20 of 20. Judged by the ")
    assert card.stopping == ""
    (open_model,) = results.challengers
    criterion, stored = lines_of(results, open_model)[1]
    assert line_interval(open_model, criterion, stored) == (None, None)


def test_slices_stand_behind_a_disclosure(viewer_client, team):
    page = shown(viewer_client, found(team, line(0.5), right={"open-model": 90}, samples=100))
    before, _, behind = page.partition("By slice, 2 lines")
    assert "where channel is" not in before
    assert "exact match where channel is mail" in behind


def test_the_incumbent_is_not_unsettled_against_itself(viewer_client, team):
    made = found(team, line(0.3, WITHIN), right={"gpt-x": 290, "open-model": 290}, samples=300)
    assert "not settled" not in shown(viewer_client, made)


def test_two_lines_of_one_metric_say_which_one_lacks_samples(viewer_client, team):
    bar = (line(0.8), line(0.05, WITHIN), line(0.8, slice=PHONE))
    right = {"gpt-x": 52, "open-model": 51}
    page = shown(viewer_client, found(team, *bar, right=right, samples=60))
    assert re.search(r"samples would settle exact match against the incumbent, if", page)
    assert re.search(r"samples of the slice would settle exact match where channel is phone", page)


def test_what_ended_well_is_no_warning(viewer_client, team):
    made = settled(team)
    made.runs.update(message="settled after 32 of 200 samples")
    assert "open-model is completed" not in shown(viewer_client, made)


def test_a_candidate_without_answers_says_each_thing_once(viewer_client, team):
    made = make.live_evaluation(
        make.task(team), criteria=[line(0.8), line(0.1, WITHIN)], plan=PlanSpec(stop_early=True)
    )
    for run in made.runs.all():
        make.complete(run)
    page = shown(viewer_client, make.finish(made))
    assert page.count("The exact match would have to be known.") == 1
    assert "likely to stay undecided" not in page
    assert "only 0 judged" not in page


def test_a_simulation_of_all_is_not_called_one_in_part(viewer_client, team):
    made = found(team, line(0.8), right={}, candidates=[make.incumbent_spec()])
    assert "simulated in part" not in shown(viewer_client, made)


def test_what_lies_beyond_the_prefix_is_not_called_wrong(viewer_client, team):
    made = make.live_evaluation(
        make.task(team),
        samples=200,
        candidates=[make.candidate_spec(), make.candidate_spec("other")],
        criteria=[line(0.6)],
        plan=PlanSpec(stop_early=True),
    )
    run = made.runs.get(position=0)
    make.answer(run, asked=40)
    make.complete(run)
    settled_run = progress_of_results(load_results(made), now=make.NOON).rows[0]
    assert dict(settled_run.counts)["Wrong"] == "—"


def test_a_cancelled_evaluation_was_not_judged(viewer_client, team):
    made = make.live_evaluation(make.task(team))
    Evaluation.objects.filter(pk=made.pk).update(state=RunState.CANCELLED, finished_at=make.NOON)
    assert "judged</strong>" not in shown(viewer_client, made)
