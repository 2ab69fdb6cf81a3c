"""The page of the workers: the pools, the hosts, and what is being done on each."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count

from evals.domain.specs import DEFAULT_POOL
from evals.models import Endpoint, Run, Team, Worker
from evals.queries import figures
from evals.queries.workers import GONE_AFTER, held_shards, start_command, waiting_runs

OTHERS = "another team's run"


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """One pool: who serves it and what waits for it. `command` "": some worker serves it."""

    name: str
    workers: str
    processes: str
    at_work: str
    waiting: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerLine:
    """One worker of a host."""

    name: str
    pools: str
    processes: str
    started: str
    seen: str
    is_gone: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkLine:
    """A run that is at work on a host. `run_id` None: it is another team's."""

    run_id: int | None
    label: str
    evaluation: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HostCard:
    """A host with its workers, and the runs whose samples are held there."""

    name: str
    workers: tuple[WorkerLine, ...]
    work: tuple[WorkLine, ...]
    is_about: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkersPage:
    """Everything the page shows; the whole of it changes."""

    is_anybody_about: bool
    summary: str
    pools: tuple[PoolLine, ...]
    hosts: tuple[HostCard, ...]
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """A run that somebody on a host is at work on."""

    host: str
    run_id: int
    pool: str
    line: WorkLine


def workers_page(team: Team, *, now: datetime) -> WorkersPage:
    """Return the workers of this installation as the team may see them, in four queries.

    Hosts are shared by all teams; of other teams' runs nothing is shown but that they are there.
    """
    workers = list(Worker.objects.order_by("-seen_at", "name"))
    held = _held(team, now=now)
    about = [worker for worker in workers if now - worker.seen_at <= GONE_AFTER]
    return WorkersPage(
        is_anybody_about=bool(about or held),
        summary=_summary(about),
        pools=_pools(team, about, held, now=now),
        hosts=_hosts(workers, held, now=now),
        command=start_command(DEFAULT_POOL),
    )


def _held(team: Team, *, now: datetime) -> list[_Held]:
    rows = (
        held_shards(now=now)
        .order_by("run")
        .values_list(
            *("holder", "run", "run__evaluation__number", "run__evaluation__task__name"),
            *("run__evaluation__task__team", "run__candidate__name"),
            "run__candidate__endpoint__pool",
        )
        .distinct()
    )
    return [
        _Held(
            host=holder.rsplit(":", 3)[0],
            run_id=run,
            pool=pool,
            line=WorkLine(run_id=run, label=name, evaluation=f"{task}, evaluation {number}")
            if owner == team.pk
            else WorkLine(run_id=None, label=OTHERS, evaluation=""),
        )
        for holder, run, number, task, owner, name, pool in rows
    ]


def _summary(about: Sequence[Worker]) -> str:
    hosts = len({worker.host for worker in about})
    return f"{figures.plural(len(about), 'worker')} on {figures.plural(hosts, 'host')}"


def _pools(
    team: Team, about: Sequence[Worker], held: Sequence[_Held], *, now: datetime
) -> tuple[PoolLine, ...]:
    """Return the pools that are served, and those that this team's endpoints name."""
    serving: dict[str, list[Worker]] = defaultdict(list)
    for worker in about:
        for pool in worker.pools:
            serving[pool].append(worker)
    named = Endpoint.objects.filter(team=team, archived_at__isnull=True)
    pools = {*serving, *named.order_by().values_list("pool", flat=True).distinct()}
    waiting = dict(
        waiting_runs(Run.objects.order_by(), now=now)
        .values_list("candidate__endpoint__pool")
        .annotate(Count("pk"))
    )
    at_work = {pool: len({each.run_id for each in held if each.pool == pool}) for pool in pools}
    return tuple(
        PoolLine(
            name=pool,
            workers=figures.count(len(serving[pool])),
            processes=figures.count(sum(worker.processes for worker in serving[pool])),
            at_work=figures.count(at_work[pool]),
            waiting=figures.count(waiting.get(pool, 0)),
            command="" if serving[pool] else start_command(pool),
        )
        for pool in sorted(pools)
    )


def _hosts(
    workers: Sequence[Worker], held: Sequence[_Held], *, now: datetime
) -> tuple[HostCard, ...]:
    """Return the hosts, those that are about first."""
    lines: dict[str, list[WorkerLine]] = defaultdict(list)
    for worker in workers:
        lines[worker.host].append(_worker(worker, now=now))
    work: dict[str, dict[int, WorkLine]] = defaultdict(dict)
    for each in held:
        work[each.host][each.run_id] = each.line
    cards = [_host(host, lines[host], work[host]) for host in sorted({*lines, *work})]
    return tuple(sorted(cards, key=lambda card: not card.is_about))


def _host(host: str, lines: Sequence[WorkerLine], work: Mapping[int, WorkLine]) -> HostCard:
    return HostCard(
        name=_shown(host),
        workers=tuple(lines),
        work=tuple(work.values()),
        is_about=bool(work) or not all(line.is_gone for line in lines),
    )


def _worker(worker: Worker, *, now: datetime) -> WorkerLine:
    return WorkerLine(
        name=_shown(worker.name),
        pools=", ".join(worker.pools),
        processes=figures.count(worker.processes),
        started=figures.ago(worker.started_at, now=now),
        seen=figures.ago(worker.seen_at, now=now),
        is_gone=now - worker.seen_at > GONE_AFTER,
    )


def _shown(name: str) -> str:
    """Return a name without the process namespace, which says nothing to a person."""
    return name.partition("/")[0]
