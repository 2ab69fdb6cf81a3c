"""What an evaluation can show about a candidate and the incumbent on the same samples."""

from dataclasses import dataclass

from evals.domain.betpower import bet_margin, bet_margin_samples
from evals.domain.multiplicity import stop_thresholds
from evals.domain.pairedoutlook import paired_outlook
from evals.domain.pairedpower import detectable_margin, margin_costs
from evals.domain.planrows import RowGroup
from evals.domain.planterms import PlanTerms
from evals.domain.specs import Comparator, CriterionSpec

DISCORDANCES = (0.05, 0.10, 0.15, 0.30)
EXPECTED_DISCORDANCE = 0.15  # what the expected figures of the plan rest on
MARGINS = (0.01, 0.02, 0.03, 0.05, 0.10)


@dataclass(frozen=True, slots=True, kw_only=True)
class AssumedDiscordance:
    """What can be shown if the two differ on this share of samples and are equally good.

    `margins` says how many samples each margin takes, None above a million and for no margin at
    all. `smallest_margin` is what the rows there are can show in 80 % of the cases, None without
    any. The rest holds under a stop rule alone.
    """

    discordance: float
    margins: tuple[tuple[float, int | None], ...]
    smallest_margin: float | None
    go: float | None = None
    no_go: float | None = None
    mean_samples: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairedResolution:
    """What so many rows can show about a margin against the incumbent."""

    criterion: CriterionSpec
    group: RowGroup
    assumed: tuple[AssumedDiscordance, ...]

    @property
    def expected(self) -> AssumedDiscordance:
        """The assumption that the expected figures of the plan rest on."""
        return next(a for a in self.assumed if a.discordance == EXPECTED_DISCORDANCE)

    def samples(self, assumed: AssumedDiscordance) -> int | None:
        """Return how many samples the criterion's own margin takes."""
        return dict(assumed.margins)[self.criterion.threshold]


def paired_resolution(
    criterion: CriterionSpec, group: RowGroup, terms: PlanTerms
) -> PairedResolution:
    """Return what the rows of a group can show about a margin against the incumbent."""
    return PairedResolution(
        criterion=criterion,
        group=group,
        assumed=tuple(_assumed(criterion, group, terms, psi) for psi in DISCORDANCES),
    )


def _assumed(
    criterion: CriterionSpec, group: RowGroup, terms: PlanTerms, discordance: float
) -> AssumedDiscordance:
    total, alpha = group.independent, terms.go_alpha(criterion)
    show = detectable_margin if terms.is_exact(criterion) else bet_margin
    smallest = min(1.0, show(total, discordance, alpha=alpha)) if total else None
    margins = _margins(criterion, terms, discordance)
    if not (terms.stop_early and total):
        return AssumedDiscordance(
            discordance=discordance, margins=margins, smallest_margin=smallest
        )
    thresholds = stop_thresholds(
        Comparator.AT_LEAST, alpha=terms.no_go_alpha(criterion), candidates=terms.challengers
    )
    ahead = paired_outlook(
        criterion.threshold, discordance, thresholds=thresholds, most_samples=total
    )
    return AssumedDiscordance(
        discordance=discordance,
        margins=margins,
        smallest_margin=smallest,
        go=ahead.above,
        no_go=ahead.below,
        mean_samples=ahead.mean_samples,
    )


def _margins(
    criterion: CriterionSpec, terms: PlanTerms, discordance: float
) -> tuple[tuple[float, int | None], ...]:
    """Return what each margin costs, the criterion's own among them."""
    margins, alpha = sorted({*MARGINS, criterion.threshold}), terms.go_alpha(criterion)
    if terms.is_exact(criterion):
        costs = margin_costs([m for m in margins if m > 0], discordance, alpha=alpha)
        known = {cost.margin: cost.samples for cost in costs}
        return tuple((margin, known.get(margin)) for margin in margins)
    return tuple(
        (margin, bet_margin_samples(margin, discordance, alpha=alpha)) for margin in margins
    )
