"""The shapes of what goes in and out, for the reader of the API and its document."""

from decimal import Decimal
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from evals.domain.evalsets import Mapping
from evals.domain.specs import PlanSpec


class Asked(BaseModel):
    """What goes in: an unknown name is an error."""

    model_config = ConfigDict(extra="forbid")


class Told(BaseModel):
    """What comes out: names may join these, none goes."""

    model_config = ConfigDict(extra="allow")


class ProblemOut(Told):
    """One thing to put right. What a message does not say is null."""

    where: str = Field(examples=["candidates[0].endpoint.kind"])
    file: str | None = Field(examples=["spec"])
    line: int | None = Field(description="Counts from 1.", examples=[12])
    row: int | None = Field(description="Counts from 0.", examples=[None])
    message: str = Field(examples=["unknown endpoint kind 'opnai', expected one of openai, …"])
    found: str | None
    expected: str | None = Field(examples=["one of openai, anthropic, …"])


class Refusal(Told):
    """Why something cannot be had or done."""

    detail: str = Field(examples=["nothing was started: 1 problem to put right"])
    problems: list[ProblemOut]


class PlanIn(Asked):
    """What is fixed before the first result; as in the spec file."""

    alpha: float = 0.05
    seed: int = 0
    epochs: int = 1
    stop_early: bool = False
    max_samples: int | None = None
    skip_samples: int = 0
    budget_usd: Decimal | None = None

    def spec(self) -> PlanSpec:
        """Return it as a part of a spec, to be judged by the spec's rules."""
        return PlanSpec(**self.model_dump())


class MappingIn(BaseModel):
    """What the columns of a file mean."""

    input: str = Field(description="The column that the model is asked about.")
    target: str = Field(description="The column with the right answer.")
    slices: list[str] = Field(default_factory=list, description="Repeatable.")
    cluster: str | None = Field(None, description="Rows of one value belong together.")
    accept_valid: bool = Field(
        default=False, description="Go on without the rows that cannot be used."
    )

    def mapping(self) -> Mapping:
        """Return it as the reader of rows wants it."""
        return Mapping(self.input, self.target, tuple(self.slices), self.cluster or None)


class EvaluationIn(Asked):
    """An evaluation of a task that is there."""

    candidates: list[str] = Field(min_length=1, description="Names of the task's candidates.")
    plan: PlanIn = PlanIn()
    version_id: int | None = Field(None, description="An eval-set version; null: the latest.")
    bar: int | None = Field(None, description="The number of a bar; null: the latest.")
    incumbent: str | None = Field(
        None, description='One of `candidates`; null: the task\'s own, "": none.'
    )
    ask_again: bool = Field(default=False, description="Ask even what is stored.")
    allow_host: list[str] = Field(
        default_factory=list,
        description="Hosts that may see the team's inputs for the first time.",
    )


class RetryIn(Asked):
    """Which failures are asked again."""

    states: list[str] = Field(
        default=["infra_error"],
        min_length=1,
        description="infra_error, scorer_error, model_error",
    )


class Started(Told):
    """An evaluation that was started or told something."""

    id: int
    number: int = Field(description="Within its task.")
    task_id: int
    state: str = Field(examples=["running"])
    url: str = Field(examples=["/api/v1/evaluations/7"])
    page: str = Field(examples=["/evaluations/7/"])


class VersionOut(Told):
    """An eval-set version: immutable, numbered, hashed."""

    id: int
    eval_set: str
    number: int
    sha256: str
    samples: int
    rejected: int
    columns: list[str]
    mapping: dict[str, Any]
    source_name: str
    created_at: str


class Versions(Told):
    """The versions of a task's eval sets, the newest first."""

    versions: list[VersionOut]


class CandidateOut(Told):
    """A candidate; `spec` has the shape of the spec file."""

    id: int
    task_id: int
    task: str
    is_incumbent: bool
    is_archived: bool
    endpoint_id: int
    model_id: int
    spec: dict[str, Any]


class Candidates(Told):
    """A team's candidates; `more` says that these are not all."""

    candidates: list[CandidateOut]
    more: bool


class TaskRowOut(Told):
    """A task in the list, in the words of the page."""

    id: int
    name: str
    incumbent: str
    answer: str = Field(description='go, no_go, undecided; "": nothing has ended yet')
    is_live: bool


class Tasks(Told):
    """A team's tasks."""

    tasks: list[TaskRowOut]


class TaskOut(Told):
    """A task: `spec` in the shape of the spec file, `shown` in the words of its page."""

    id: int
    name: str
    created_at: str
    switch_days: int | None
    spec: dict[str, Any]
    shown: dict[str, Any]


class EvaluationRowOut(Told):
    """An evaluation in the list, in the words of the page."""

    id: int
    task_id: int
    task_name: str
    number: int
    status: str
    is_live: bool
    answer: str
    done: int
    total: int


class Evaluations(Told):
    """A page of evaluations, the newest first; `next` is the `before` of the following page."""

    evaluations: list[EvaluationRowOut]
    next: int | None


class EvaluationDocument(Told):
    """The result file. An unknown figure is null."""

    schema_: str = Field(alias="schema", examples=["viability.evaluation/1"])
    task: str
    evaluation: int
    state: str
    created_at: str
    finished_at: str | None = None
    eval_set: dict[str, Any]
    plan: dict[str, Any]
    incumbent: str | None
    candidates: list[dict[str, Any]]
    verdict: str


class Reports(Told):
    """A team's decision records."""

    reports: list[dict[str, Any]]


class ReportOut(Told):
    """A decision record, as it is signed."""

    schema_: str = Field(alias="schema", examples=["viability.report/1"])
    task: str
    status: str
    verdict: str
    headline: str
    result: dict[str, Any]


class Prices(Told):
    """A page of public prices; `next` is the `after` of the following page."""

    prices: list[dict[str, Any]]
    next: str | None


class Shown(Told):
    """What a page shows, name by name; it changes with the page."""


class Done(Started):
    """What an evaluation was told; `changed` False: there was nothing left to change."""

    changed: bool
