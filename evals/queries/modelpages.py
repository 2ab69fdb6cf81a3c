"""The page of one model: what is known of it, from where, and what follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from evals.domain.autonomy import Ladder, Need, PartStanding, State, Step, ladder_of
from evals.domain.modelfacts import ModelFacts
from evals.domain.openness import Finding, MofClass, Openness, assess, component_called
from evals.domain.supply import Supply, supply_of
from evals.models import Candidate, Model, ModelFactsRow, Team
from evals.queries import figures
from evals.queries import opennesswords as words
from evals.queries.candidatefacts import Fact
from evals.queries.modelfacts import blank, facts_of, in_catalogue, merged, rows_for, runs_here
from evals.queries.models import model_key, shown_name


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundModel:
    """A model that an address means, with all that is known of it."""

    key: str
    facts: ModelFacts
    row: ModelFactsRow | None
    models: tuple[Model, ...]
    ran_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentLine:
    """One of the 17 components."""

    name: str
    mof_class: str
    is_required: bool
    licence: str
    origin: str
    standing: words.Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassLine:
    """How far a release is towards a class."""

    name: str
    percent: int
    said: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepLine:
    """One rung of the ladder."""

    name: str
    verb: str
    mark: str
    state: str
    needs: tuple[words.Marked, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartLine:
    """What can be reproduced of a part without the lab."""

    name: str
    what: str
    published: words.Marked
    allowed: words.Marked
    mirrored: words.Marked
    tested: words.Marked


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceLine:
    """Where facts come from."""

    url: str
    opened: str
    says: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelPage:
    """Everything the page of a model shows. `classes` empty: its components are unknown."""

    key: str
    name: str
    openness: str
    licence: words.LicenceWords
    rung: str
    next_rung: str
    steps: tuple[StepLine, ...]
    parts: tuple[PartLine, ...]
    mof_class: str
    classes: tuple[ClassLine, ...]
    components: tuple[ComponentLine, ...]
    unknown_components: tuple[str, ...]
    facts: tuple[Fact, ...]
    supply: tuple[Fact, ...]
    hosts: tuple[Fact, ...]
    retires: str
    retires_state: str
    sources: tuple[SourceLine, ...]
    noted: str
    changed: str
    is_changed: bool
    is_in_catalogue: bool
    candidates: tuple[tuple[int, str, str], ...]


def found_model(team: Team, key: str) -> FoundModel | None:
    """Return the model that `key` means, a number or an identifier; None: the team has none."""
    models = Model.objects.filter(team=team).order_by("-pk")
    if key.isascii() and key.isdigit() and len(key) <= len(str(2**31)):
        numbered = models.filter(pk=int(key)).first()
        key = numbered.identifier if numbered else key
    own = tuple(models.filter(identifier__iexact=key))
    rows = rows_for(team, [key])
    row = rows.get(key) or next(iter(rows.values()), None)
    known = merged(key, row)
    if known is None and not own:
        return None
    facts = facts_of(own[0], known) if own else known or blank(key)
    place = model_key(own[0]) if own else facts.identifier
    ran = runs_here(team, [model.identifier for model in own])
    return FoundModel(
        key=place, facts=facts, row=row, models=own, ran_on=max(ran.values(), default=None)
    )


def model_page(found: FoundModel, *, today: date) -> ModelPage:
    """Return the page of a model, in one query more than finding it took."""
    facts, ladder = found.facts, ladder_of(found.facts, ran_on=found.ran_on)
    supply = supply_of(facts, today=today)
    known = None if facts.components is None else assess(facts.components, facts.licences)
    return ModelPage(
        key=found.key,
        name=shown_name(facts),
        openness=words.openness_word(facts),
        licence=words.licence_words(facts),
        rung=words.rung_words(ladder.rung),
        next_rung=words.next_words(ladder),
        steps=_steps(ladder),
        parts=tuple(map(_part, ladder.parts)),
        mof_class=words.class_words(known),
        classes=_classes(known),
        components=_components(known),
        unknown_components=_unknown_components(facts),
        facts=_facts(facts),
        supply=_supply(facts, supply),
        hosts=_hosts(facts, supply),
        retires=words.retirement_words(supply.retirement),
        retires_state=words.retirement_state(supply.retirement),
        sources=tuple(
            SourceLine(url=each.url, opened=words.day_words(each.opened_on), says=each.says)
            for each in facts.sources
        ),
        noted=words.day_words(facts.noted_on) if facts.noted_on else "",
        changed=_changed(found.row),
        is_changed=found.row is not None,
        is_in_catalogue=in_catalogue(facts.identifier) is not None,
        candidates=_candidates(found.models),
    )


def _changed(row: ModelFactsRow | None) -> str:
    if row is None:
        return ""
    who = row.updated_by.email if row.updated_by else "the command line"
    return f"{row.source}, {figures.moment(row.updated_at)}, by {who}"


def _candidates(models: Sequence[Model]) -> tuple[tuple[int, str, str], ...]:
    rows = Candidate.objects.filter(model__in=models, archived_at__isnull=True)
    named = rows.order_by("task__name", "name").values_list("pk", "name", "task__name")
    return tuple(named) if models else ()


def _steps(ladder: Ladder) -> tuple[StepLine, ...]:
    return tuple(map(_step, ladder.steps))


def _step(step: Step) -> StepLine:
    needs = (
        words.Marked(mark=words.MARKS[need.state], words=f"{need.name}: {need.reason}")
        for need in step.needs
    )
    return StepLine(
        name=step.rung.name,
        verb=step.rung.words,
        mark=words.MARKS[step.state],
        state=words.STATE_WORDS[step.state],
        needs=tuple(needs),
    )


def _part(part: PartStanding) -> PartLine:
    kept = part.mirror_sha256
    return PartLine(
        name=words.PART_QUESTIONS[part.part],
        what=", ".join(need.name for need in part.needs),
        published=_marked(part.published, _lacking(part.needs, "published")),
        allowed=_allowed(part),
        mirrored=words.Marked(mark="met" if kept else "", words=f"sha256 {kept}" if kept else "no"),
        tested=words.Marked(
            mark="met" if part.tested_on else "",
            words=words.day_words(part.tested_on) if part.tested_on else "no",
        ),
    )


def _allowed(part: PartStanding) -> words.Marked:
    if part.allowed is None:
        return words.Marked(mark="", words="nothing is published")
    there = [need for need in part.needs if need.published is not State.NO]
    return _marked(part.allowed, _lacking(there, "allowed"))


def _lacking(needs: Iterable[Need], question: str) -> str:
    """Return which things of a part are not published or not allowed, or not known to be."""
    states = [(need.name, getattr(need, question)) for need in needs]
    no = [name for name, state in states if state is State.NO]
    unknown = [name for name, state in states if state is State.UNKNOWN]
    said = [f"not {', '.join(no)}"] if no else []
    return "; ".join([*said, *([f"unknown: {', '.join(unknown)}"] if unknown else [])])


def _marked(state: State, lacking: str) -> words.Marked:
    said = words.STATE_WORDS[state]
    return words.Marked(mark=words.MARKS[state], words=lacking or said)


def _classes(known: Openness | None) -> tuple[ClassLine, ...]:
    if known is None:
        return ()
    return tuple(
        ClassLine(
            name=words.CLASS_NAMES[mof_class],
            percent=known.progress[mof_class],
            said=_progress_words(known, mof_class),
        )
        for mof_class in MofClass
    )


def _progress_words(known: Openness, mof_class: MofClass) -> str:
    counted, wanted = known.counted[mof_class], known.wanted[mof_class]
    share = f"{known.progress[mof_class]} %"
    if not known.progress[mof_class] and counted:
        return f"{share}: a lower class is not met yet ({counted} of {wanted} components count)"
    return f"{share}: {counted} of {wanted} required components count"


def _components(known: Openness | None) -> tuple[ComponentLine, ...]:
    return () if known is None else tuple(map(_component, known.findings))


def _component(finding: Finding) -> ComponentLine:
    kind = finding.kind
    return ComponentLine(
        name=kind.name,
        mof_class=kind.mof_class.value,
        is_required=kind.is_required,
        licence=finding.licence or figures.UNKNOWN,
        origin=words.origin_words(finding),
        standing=words.standing_words(finding),
    )


def _unknown_components(facts: ModelFacts) -> tuple[str, ...]:
    named = facts.components or ()
    return tuple(each.name for each in named if component_called(each.name) is None)


def _facts(facts: ModelFacts) -> tuple[Fact, ...]:
    size = facts.parameters_billion
    active = facts.active_parameters_billion
    return (
        Fact("Developer", facts.developer or words.UNKNOWN),
        Fact("Developer's country", facts.jurisdiction or words.UNKNOWN),
        Fact("Weights published", words.yes_no(facts.is_open)),
        Fact("Released", words.day_words(facts.released_on)),
        Fact("Parameters", words.UNKNOWN if size is None else f"{size} billion"),
        *(() if active is None else (Fact("Active for a token", f"{active} billion"),)),
        Fact("Fine-tunable", words.yes_no(facts.is_fine_tunable)),
        Fact("Tokenizer published", words.yes_no(facts.has_tokenizer)),
    )


def _supply(facts: ModelFacts, supply: Supply) -> tuple[Fact, ...]:
    return (
        Fact("Hosts", words.hosts_words(supply)),
        Fact("On hardware of your own", words.yes_no(supply.is_self_hostable)),
        Fact("Countries of developer and hosts", words.jurisdictions_words(supply)),
        Fact("A version that never changes can be asked for", words.yes_no(facts.has_version_pin)),
        Fact("Retires", words.retirement_words(supply.retirement)),
        Fact("Notice promised", words.days_words(facts.notice_days)),
        Fact("Requests are kept for", words.days_words(facts.log_retention_days)),
    )


def _hosts(facts: ModelFacts, supply: Supply) -> tuple[Fact, ...]:
    independent = [Fact(h.name, h.jurisdiction or "country unknown") for h in facts.hosts or ()]
    gateways = {host.name for host in supply.gateways}
    return tuple(
        Fact(each.label, f"{each.value} · gateway, not independent")
        if each.label in gateways
        else each
        for each in independent
    )
