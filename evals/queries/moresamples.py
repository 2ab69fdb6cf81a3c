"""What an undecided evaluation offers: more of its samples, or rows that it left unused."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery

from evals.domain.moresamples import elsewhere, in_whole_set, longer, rounded_up, suggested
from evals.domain.specs import CriterionSpec, PlanSpec
from evals.domain.verdicts import Verdict
from evals.models import Evaluation
from evals.models.evaluations import RunState
from evals.queries import figures
from evals.queries.budgetstops import unasked_words
from evals.queries.outcomes import Outcome, Results, lines_of
from evals.queries.results import Document

TASKS = 1000  # that a cost is given for
NO_ROWS = "Every row has been asked: add rows to the eval set to learn more."
BY_COMMAND = {
    True: "It came from the command line: a larger max_samples in its spec goes on from here, and "
    "answers that are stored are reused.",
    False: "It came from the command line: skip_samples in its spec asks about unused rows.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MoreSamples:
    """The offer. `next_id` is the evaluation that goes on already.

    `note` says why there is no offer, `shortfall` that all rows are likely too few. `used` places
    of the order were asked about, `read` of them by what is undecided. `samples` is what is
    suggested, of `left`.
    """

    evaluation_id: int
    number: int
    task_id: int
    task_name: str
    is_sequential: bool
    is_clustered: bool
    used: int
    read: int
    left: int
    samples: int
    label: str
    cost: str
    each: str
    budget: str
    shortfall: str
    note: str
    next_id: int | None
    next_number: int | None

    @property
    def can_ask(self) -> bool:
        """Whether a person may have more asked."""
        return not self.note and self.next_id is None


def with_following(evaluations: QuerySet[Evaluation]) -> QuerySet[Evaluation]:
    """Return the evaluations, each with the latest one that goes on from it."""
    later = Evaluation.objects.filter(extends=OuterRef("pk")).exclude(state=RunState.CANCELLED)
    latest = later.order_by("-number")
    return evaluations.annotate(
        following_id=Subquery(latest.values("pk")[:1]),
        following_number=Subquery(latest.values("number")[:1]),
    )


def more_samples(results: Results) -> MoreSamples | None:
    """Return what could be asked next, None where nothing is undecided, in no query.

    Take the evaluation from `with_following`.
    """
    evaluation, plan = results.evaluation, results.spec.plan
    undecided = [o for o in results.challengers if o.verdict == Verdict.UNDECIDED]
    if evaluation.finished_at is None or evaluation.state == RunState.CANCELLED or not undecided:
        return None
    size = evaluation.version.sample_count
    used = plan.skip_samples + evaluation.sample_count
    read = max(_read(results, o) for o in undecided)
    left = size - plan.skip_samples - read if plan.stop_early else size - used
    needed = _needed(results, undecided)
    samples = suggested(needed, left=left)
    cost = _cost(results, undecided, samples)
    return MoreSamples(
        evaluation_id=evaluation.pk,
        number=evaluation.number,
        task_id=evaluation.task_id,
        task_name=evaluation.task.name,
        is_sequential=plan.stop_early,
        is_clustered=results.spec.eval_set.cluster is not None,
        used=used,
        read=read,
        left=left,
        samples=samples,
        label=_label(plan, samples, cost),
        cost=cost,
        each=_cost(results, undecided, 1),
        budget="" if plan.budget_usd is None else figures.usd(plan.budget_usd),
        shortfall=_shortfall(needed, left) if any(o.judged for o in undecided) else "",
        note=_note(results, left),
        next_id=evaluation.following_id,  # type: ignore[attr-defined]
        next_number=evaluation.following_number,  # type: ignore[attr-defined]
    )


def next_plan(results: Results, offer: MoreSamples, samples: int) -> PlanSpec:
    """Return the plan that asks about so many samples more."""
    plan = results.spec.plan
    if offer.is_sequential:
        size = results.evaluation.version.sample_count
        return longer(plan, read=offer.read, more=samples, size=size)
    return elsewhere(plan, used=offer.used, samples=samples)


def _note(results: Results, left: int) -> str:
    if left <= 0:
        return unasked_words(results) or NO_ROWS
    is_commands = results.evaluation.identity is not None
    return BY_COMMAND[results.spec.plan.stop_early] if is_commands else ""


def _shortfall(needed: int | None, left: int) -> str:
    if needed is not None and needed <= left:
        return ""
    rows = f"{figures.plural(left, 'row')} {'is' if left == 1 else 'are'} left"
    wanted = "no number of samples is known that would settle it"
    if needed is not None:
        wanted = f"about {rounded_up(needed):,} would settle it"
    return f"{rows}, and {wanted}: it is likely to stay undecided."


def _read(results: Results, outcome: Outcome) -> int:
    stopping = outcome.document.get("stopping")
    return int(stopping["read"]) if stopping else results.evaluation.sample_count


def _needed(results: Results, undecided: Iterable[Outcome]) -> int | None:
    """Return how many samples settle what can be settled, None where no line says so.

    A fixed n starts anew, so there those that were asked about are needed again.
    """
    found = [
        needed
        for outcome in undecided
        for criterion, line in lines_of(results, outcome)
        if (needed := _needed_by(results, outcome, criterion, line)) is not None
    ]
    return max(found, default=None)


def _needed_by(
    results: Results, outcome: Outcome, criterion: CriterionSpec, line: Document
) -> int | None:
    if not criterion.required or line["samples_needed"] is None:
        return None
    read, found = _read(results, outcome), line["n"] // results.spec.plan.epochs
    more = int(line["samples_needed"])
    more = in_whole_set(more, found=found, read=read) if criterion.slice else more
    return more if results.spec.plan.stop_early else more + read


def _cost(results: Results, undecided: Iterable[Outcome], samples: int) -> str:
    """Return "about $0.80" for so many samples of each candidate that would be asked."""
    asked = list(_asked(results, undecided))
    costs = [o.document["cost"]["per_1k_tasks_usd"] for o in asked]
    known = [usd for usd in costs if usd is not None]
    if not known:
        return "cost unknown"
    trials = samples * results.spec.plan.epochs
    said = f"about {figures.usd(sum(known) * trials / TASKS)}"
    if any(o.document["cost"]["estimated"] for o in asked):
        said += " est."
    return said + (", unknown in part" if len(known) < len(costs) else "")


def _asked(results: Results, undecided: Iterable[Outcome]) -> Iterable[Outcome]:
    """Return who would be asked: everybody anew, or who is not settled and what it is beside."""
    if not results.spec.plan.stop_early:
        return results.outcomes
    is_compared = any(line.is_paired and line.required for line in results.spec.bar)
    incumbent = [results.incumbent] if results.incumbent and is_compared else []
    return [*undecided, *incumbent]


def _label(plan: PlanSpec, samples: int, cost: str) -> str:
    if plan.stop_early:
        return f"Run {samples:,} more ({cost})"
    return f"New evaluation on {figures.plural(samples, 'unused row')} ({cost})"
