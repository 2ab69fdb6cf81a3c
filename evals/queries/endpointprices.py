"""What a team says an endpoint charges for each of its models, now and before."""

from dataclasses import dataclass

from evals.domain.specendpoints import is_gguf
from evals.models import Candidate, Endpoint, EndpointPrice, Model
from evals.queries import figures
from evals.queries.pricewords import EACH, PER_MTOK, exact_usd
from evals.queries.todaysprices import said_price

SHOWN = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class SaidPrice:
    """What was said of one model; `figures` "": it was ended."""

    model_id: int
    model: str
    figures: str
    source: str
    dated: str
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointPrices:
    """The models that the endpoint serves, what counts for them, and all that was ever said."""

    models: tuple[Model, ...]
    current: tuple[SaidPrice, ...]
    history: tuple[SaidPrice, ...]


def endpoint_prices_of(endpoint: Endpoint) -> EndpointPrices:
    """Return what is said of the endpoint's prices, in two queries."""
    served = Candidate.objects.filter(endpoint=endpoint).values("model")
    models = Model.objects.filter(pk__in=served).order_by("identifier", "pk")
    rows = EndpointPrice.objects.filter(endpoint=endpoint).select_related("model", "created_by")
    said = list(rows.order_by("-pk")[:SHOWN])
    newest = {row.model_id: row for row in reversed(said)}
    return EndpointPrices(
        models=tuple(models),
        current=tuple(_said(row) for row in newest.values() if row.figures is not None),
        history=tuple(map(_said, said)),
    )


def model_label(model: Model) -> str:
    """Return a model's name; the folder of a local file is nobody's business."""
    is_local = model.identifier.startswith(("/", "./")) or is_gguf(model.identifier)
    name = model.identifier.rpartition("/")[2] if is_local else model.identifier
    return f"{name} {model.revision}" if model.revision else name


def _said(row: EndpointPrice) -> SaidPrice:
    by = f" by {row.created_by}" if row.created_by else ""
    return SaidPrice(
        model_id=row.model_id,
        model=model_label(row.model),
        figures=_figures(row),
        source=row.source,
        dated=figures.day(row.dated_on),
        said=f"{figures.moment(row.created_at)}{by}",
    )


def _figures(row: EndpointPrice) -> str:
    if row.figures is None:
        return ""
    price = said_price(row)
    tokens = [(label, getattr(price, name)) for name, label in PER_MTOK.items()]
    each = [(label, getattr(price, name)) for name, label in EACH.items()]
    said = [f"{label} {exact_usd(usd)}" for label, usd in tokens if usd is not None]
    words = [f"{', '.join(said)} per Mtok"] if said else []
    return ", ".join([*words, *(f"{exact_usd(u)} {label}" for label, u in each if u is not None)])
