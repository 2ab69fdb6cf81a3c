"""The page of a candidate's hosting plan."""

from dataclasses import dataclass

from evals.domain.hostingplans import HostingFigures
from evals.models import Candidate, Evaluation
from evals.queries.costcards import cost_grounds
from evals.queries.hostedlines import CostGrounds, HostedLine, hosted_line
from evals.queries.hosting import hostings
from evals.queries.outcomes import CandidateName, Results, candidate_name, load_results
from evals.queries.specs import candidate_spec, task_spec
from evals.queries.standings import speaking


@dataclass(frozen=True, slots=True, kw_only=True)
class HostingPage:
    """A candidate's plan and what it comes to. `plan` and `line` are None where there is none.

    `missing` says what the costs lack as long as the candidate was not evaluated.
    """

    candidate_id: int
    name: CandidateName
    task_id: int
    task_name: str
    plan: HostingFigures | None
    line: HostedLine | None
    missing: str


def hosting_page(candidate: Candidate) -> HostingPage:
    """Return the page, in eight queries at most; select the candidate's parts beforehand."""
    task, spec = candidate.task, candidate_spec(candidate)
    results = _results(candidate)
    found = hostings(task.team, {candidate.pk: spec.model.id}).get(candidate.pk)
    grounds = _grounds(candidate, results)
    return HostingPage(
        candidate_id=candidate.pk,
        name=candidate_name(spec, is_incumbent=task.incumbent_id == candidate.pk),
        task_id=task.pk,
        task_name=task.name,
        plan=found.plan if found else None,
        line=hosted_line(candidate.pk, spec.name, found, grounds) if found else None,
        missing=_missing(grounds),
    )


def _results(candidate: Candidate) -> Results | None:
    evaluations = speaking(Evaluation.objects.filter(task=candidate.task_id))
    evaluation = evaluations.select_related("version").first()
    return load_results(evaluation) if evaluation else None


def _grounds(candidate: Candidate, results: Results | None) -> CostGrounds:
    task = candidate.task
    if results is None:
        return CostGrounds(
            task=task_spec(task),
            volume=task.monthly_volume,
            incumbent="",
            api_usd_per_task=None,
            tokens_per_task=None,
            judged=0,
            accepted=None,
        )
    mine = (o for o in results.outcomes if o.run.candidate_id == candidate.pk)
    return cost_grounds(task, results, next(mine, None))


def _missing(grounds: CostGrounds) -> str:
    if not grounds.judged:
        return (
            "It was not evaluated yet: the tokens of a task come from an evaluation, and so does "
            "the share of right answers."
        )
    if not grounds.volume:
        return "The task has no monthly volume, so there is no monthly bill."
    return ""
