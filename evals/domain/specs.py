"""The frozen description of one evaluation: what the spec file says, and what the pages write."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from types import MappingProxyType
from typing import Any

DEFAULT_POOL = "default"
# Scorers that can give partial credit, so that the rule which judges one does not hang on whether
# it happened to.
GRADED = frozenset({"f1", "lm_eval"})


class EndpointKind(StrEnum):
    """How a candidate is served."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OPENVINO = "openvino"
    HF = "hf"
    VLLM = "vllm"
    LM_EVAL = "lm_eval"
    RECORDED = "recorded"
    STAND_IN = "stand_in"


class Comparator(StrEnum):
    """Which side of the threshold is good; `within` so much of the incumbent, paired."""

    AT_LEAST = "at_least"
    AT_MOST = "at_most"
    WITHIN = "within"


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskSpec:
    """A product use case. `failure_cost_usd` is what one wrong answer costs; None is unknown."""

    name: str
    description: str = ""
    interactive: bool | None = None
    monthly_volume: int | None = None
    failure_cost_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EvalSetSpec:
    """Where the rows come from (`file`, or `hf` with `split`) and what their columns mean."""

    input: str
    target: str
    file: str | None = None
    hf: str | None = None
    split: str | None = None
    slices: tuple[str, ...] = ()
    cluster: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ScorerSpec:
    """One scorer by `name` with its `options`; `extract` takes the answer out of the output."""

    name: str
    options: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    extract: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionSpec:
    """One line of a quality bar: `metric` `comparator` `threshold`; advisory ones never decide.

    `within` compares with the incumbent on the same samples: no more than `threshold` below it.
    `slice` maps columns to values and None is all samples; `alpha` None is the plan's.
    """

    metric: str
    comparator: Comparator
    threshold: float
    advisory: bool = False
    slice: Mapping[str, str] | None = None
    alpha: float | None = None

    @property
    def required(self) -> bool:
        """Whether the criterion decides."""
        return not self.advisory

    @property
    def is_paired(self) -> bool:
        """Whether the criterion compares with the incumbent."""
        return self.comparator is Comparator.WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSpec:
    """A release. None is unknown."""

    id: str
    open: bool
    lab: str | None = None
    revision: str | None = None
    licence: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointSpec:
    """How a model is served. Fields that a kind does not use stay at their defaults.

    `api_key_env` names an environment variable (command line only), `secret` a stored secret
    (browser and API only). `timeout_seconds` holds for one attempt; a trial may take ten of them.
    `stream` asks for answers piece by piece, `extra_body` is merged into every request. `backend`
    names one of lm-eval's, `arguments` are handed to it as they are. `output`, `input_tokens`,
    `output_tokens` and `latency_seconds` name columns of a recorded file. `simulation` holds a
    stand-in's settings.
    """

    kind: EndpointKind
    base_url: str | None = None
    api_key_env: str | None = None
    secret: str | None = None
    concurrency: int = 8
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    timeout_seconds: float = 60.0
    stream: bool = False
    extra_body: Mapping[str, Any] | None = None
    backend: str | None = None
    arguments: Mapping[str, Any] | None = None
    pool: str = DEFAULT_POOL
    file: str | None = None
    key: str | None = None
    output: str | None = None
    input_tokens: str | None = None
    output_tokens: str | None = None
    latency_seconds: str | None = None
    device: str = "cpu"
    batch_size: int = 1
    simulation: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceTier:
    """What all tokens of a request cost once its prompt is longer than `above_input_tokens`.

    A figure that is None stays as it is below.
    """

    above_input_tokens: int
    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    cached_input_usd_per_mtok: Decimal | None = None
    cache_write_usd_per_mtok: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriceSpec:
    """What the endpoint charges, in US dollars; every None is unknown.

    Tokens are priced per million; what is not said of cached and written ones is the input's price.
    `batch_multiplier` is what a vendor's batch interface takes of the token prices. `usd_per_hour`
    prices hardware by its time instead. `catalogue` names the public price that the figures were
    taken from, "openai:gpt-4.1"; alone it stands for that price on the day of the evaluation.
    `source` and `dated_on` say who says so, and since when that is known.
    """

    input_usd_per_mtok: Decimal | None = None
    output_usd_per_mtok: Decimal | None = None
    usd_per_request: Decimal | None = None
    gpu: str | None = None
    usd_per_hour: Decimal | None = None
    cached_input_usd_per_mtok: Decimal | None = None
    cache_write_usd_per_mtok: Decimal | None = None
    batch_multiplier: Decimal | None = None
    tiers: tuple[PriceTier, ...] = ()
    catalogue: str | None = None
    source: str | None = None
    dated_on: date | None = None

    @property
    def charges_tokens(self) -> bool:
        """Whether a price of input or output tokens is known."""
        return self.input_usd_per_mtok is not None or self.output_usd_per_mtok is not None

    @property
    def has_figures(self) -> bool:
        """Whether any amount is known."""
        amounts = (self.usd_per_request, self.usd_per_hour)
        return self.charges_tokens or any(amount is not None for amount in amounts)


@dataclass(frozen=True, slots=True, kw_only=True)
class HarnessSpec:
    """How the model is asked. `prompt` is a Jinja template over the sample's columns.

    A `temperature` of None is not sent: the vendor's own holds. `reasoning` is an effort or the
    vendor's own settings; like `extra_body` it goes into the request as it is.
    """

    prompt: str
    system: str | None = None
    max_tokens: int = 256
    temperature: float | None = 0.0
    top_p: float | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    reasoning: str | Mapping[str, Any] | None = None
    stream: bool = False
    extra_body: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateSpec:
    """Model x Endpoint x Harness under one name. `price` None means the cost is unknown."""

    name: str
    model: ModelSpec
    endpoint: EndpointSpec
    harness: HarnessSpec
    price: PriceSpec | None = None

    @property
    def is_simulated(self) -> bool:
        """Whether no model answers at all."""
        return self.endpoint.kind is EndpointKind.STAND_IN


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanSpec:
    """What is fixed before the first result. `max_samples` and `budget_usd` None mean no limit.

    `skip_samples` leaves out so many places at the start of the shuffled order, which an earlier
    evaluation has used.
    """

    alpha: float = 0.05
    seed: int = 0
    epochs: int = 1
    stop_early: bool = False
    max_samples: int | None = None
    skip_samples: int = 0
    budget_usd: Decimal | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """One evaluation, whole. `incumbent` names the candidate in use today."""

    task: TaskSpec
    eval_set: EvalSetSpec
    scorers: tuple[ScorerSpec, ...]
    bar: tuple[CriterionSpec, ...]
    candidates: tuple[CandidateSpec, ...]
    incumbent: str | None = None
    plan: PlanSpec = PlanSpec()
