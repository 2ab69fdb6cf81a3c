"""Samples of before get the ids that say where they stand, and their trials follow them."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.migrations.executor import MigrationExecutor

from evals.domain.order import shuffled_order
from evals.models import EvalSetVersion, Run, Sample, Trial
from evals.models.evalsets import sample_id
from evals.queries.runcolumns import columns_of
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)

BEFORE, AFTER = "0013_trials_by_time", "0014_samples_by_one_index"


def migrate(name: str) -> None:
    MigrationExecutor(connection).migrate([("evals", name)])


@pytest.fixture
def runs() -> Iterator[list[Run]]:
    """Runs over two versions of one set, in a database of before."""
    task = make.task(make.team("Before"))
    made = []
    for samples in (6, 9):
        evaluation = make.live_evaluation(
            task, samples=samples, candidates=[make.candidate_spec(f"open {samples}")]
        )
        made.append(evaluation.runs.select_related("evaluation").get())
        make.answer(made[-1])
    migrate(BEFORE)
    with connection.cursor() as cursor:
        # As a sequence gave them, and not in the order of positions.
        cursor.execute("ALTER TABLE evals_trial DISABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE evals_sample DISABLE TRIGGER ALL")
        cursor.execute("UPDATE evals_trial SET sample_id = 900 - (sample_id & 255) - run_id * 100")
        for run in made:
            cursor.execute(
                "UPDATE evals_sample SET id = 900 - position - %s * 100 WHERE version_id = %s",
                [run.pk, run.evaluation.version_id],
            )
        cursor.execute("ALTER TABLE evals_sample ENABLE TRIGGER ALL")
        cursor.execute("ALTER TABLE evals_trial ENABLE TRIGGER ALL")
    yield made
    migrate(AFTER)


def column_types() -> dict[str, Any]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT column_name, data_type, is_identity FROM information_schema.columns "
            "WHERE table_name = 'evals_sample' AND column_name IN ('id', 'input')"
        )
        return {name: tuple(rest) for name, *rest in cursor.fetchall()}


def test_samples_are_numbered_by_version_and_position(runs: list[Run]) -> None:
    migrate(AFTER)
    assert column_types() == {"id": ("bigint", "NO"), "input": ("json", "NO")}
    for run, size in zip(runs, (6, 9), strict=True):
        version_id = run.evaluation.version_id
        samples = list(Sample.objects.of(version_id).order_by("pk"))
        assert [s.pk for s in samples] == [sample_id(version_id, n) for n in range(size)]
        assert [s.row for s in samples] == list(range(size))
        assert set(samples[3].input) == {"text", "queue", "channel"}
        assert samples[3].target == samples[3].input["queue"]


def test_every_trial_still_belongs_to_its_sample(runs: list[Run]) -> None:
    migrate(AFTER)
    for run, size in zip(runs, (6, 9), strict=True):
        order = shuffled_order(size, seed=0)
        trials = Trial.objects.filter(run=run).select_related("sample").order_by("place")
        assert [t.sample.position for t in trials] == order
        assert {t.sample.version_id for t in trials} == {run.evaluation.version_id}
        columns = columns_of([run], [])[run.pk]
        assert dict(zip(columns["place"], columns["position"], strict=True)) == dict(
            enumerate(order)
        )


def test_the_database_guards_as_it_did(runs: list[Run]) -> None:
    migrate(AFTER)
    samples = Sample.objects.of(runs[0].evaluation.version_id)
    with pytest.raises(IntegrityError, match="never changed"), transaction.atomic():
        samples.update(target="other")
    with (
        pytest.raises(IntegrityError, match="foreign key constraint"),
        connection.cursor() as cursor,
    ):
        cursor.execute("DELETE FROM evals_sample WHERE position = 3")


def test_the_way_back_gives_ids_again_and_ends_where_it_began(runs: list[Run]) -> None:
    migrate(AFTER)
    migrate(BEFORE)
    assert column_types() == {"id": ("bigint", "YES"), "input": ("jsonb", "NO")}
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO evals_sample (version_id, position, row, input, target, slices) "
            "SELECT max(id), 9, 9, '{}', 'x', '{}' FROM evals_evalsetversion RETURNING id"
        )
        assert cursor.fetchone()[0] == sample_id(EvalSetVersion.objects.latest("pk").pk, 8) + 1
    migrate(AFTER)
    assert Sample.objects.of(runs[1].evaluation.version_id).count() == 10
    assert Trial.objects.filter(sample__in=Sample.objects.all()).count() == 15
