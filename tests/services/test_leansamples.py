"""What the database keeps about samples without a foreign key and without a trigger on each."""

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from evals.models import EvalSetVersion, Sample
from evals.models.evalsets import sample_id
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def unsealed(rows: list[int], *, count: int) -> EvalSetVersion:
    """Return a version whose samples stand in these rows, not sealed yet."""
    made = make.version(make.task(make.team("Lean")))
    version = EvalSetVersion.objects.create(
        eval_set=made.eval_set, number=2, sample_count=count, columns=["text"], mapping={}
    )
    Sample.objects.bulk_create(
        Sample(
            id=sample_id(version.pk, position),
            version=version,
            position=position,
            row=row,
            input={},
            target="x",
        )
        for position, row in enumerate(rows)
    )
    return version


def seal(version: EvalSetVersion) -> None:
    version.sha256 = "a" * 64
    version.save(update_fields=["sha256"])


def test_a_version_with_samples_cannot_be_deleted_behind_djangos_back() -> None:
    version = make.version(make.task(make.team("Lean")))
    with pytest.raises(IntegrityError, match="has samples"), connection.cursor() as cursor:
        cursor.execute("DELETE FROM evals_evalsetversion WHERE id = %s", [version.pk])


def test_samples_and_their_version_can_be_deleted_in_either_order() -> None:
    version = make.version(make.task(make.team("Lean")))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM evals_evalsetversion WHERE id = %s", [version.pk])
        Sample.objects.of(version.pk).delete()
    assert not Sample.objects.exists()


def test_a_version_is_not_deleted_with_its_samples_unread() -> None:
    version = make.version(make.task(make.team("Lean")))
    with pytest.raises(IntegrityError, match="has samples"):
        version.delete()
    with transaction.atomic():
        Sample.objects.of(version.pk).delete()
        version.delete()
    assert not EvalSetVersion.objects.filter(pk=version.pk).exists()


def test_the_samples_of_one_version_are_no_others() -> None:
    task = make.task(make.team("Lean"))
    one, other = make.version(task, samples=3), make.version(task, samples=5)
    assert [s.version_id for s in Sample.objects.of(one.pk)] == [one.pk] * 3
    assert [s.position for s in Sample.objects.of(other.pk).order_by("pk")] == [0, 1, 2, 3, 4]
    assert [s.position for s in Sample.objects.between(other.pk, 3, 9).order_by("pk")] == [3, 4]
    assert {s.position for s in Sample.objects.at(other.pk, [4, 1, 7])} == {1, 4}


def test_a_version_is_sealed_with_rows_that_rise() -> None:
    version = unsealed([0, 2, 5], count=3)
    seal(version)
    version.refresh_from_db()
    assert version.sha256 == "a" * 64


@pytest.mark.parametrize("rows", [[0, 1, 1], [0, 2, 1], [3, 3, 3]])
def test_a_version_is_not_sealed_with_rows_that_do_not_rise(rows: list[int]) -> None:
    with pytest.raises(IntegrityError, match="whose rows rise"):
        seal(unsealed(rows, count=3))


def test_a_version_is_not_sealed_with_another_number_of_samples() -> None:
    with pytest.raises(IntegrityError, match="holds 3 samples, expected 4"):
        seal(unsealed([0, 1, 2], count=4))


def test_two_samples_never_share_a_position() -> None:
    version = make.version(make.task(make.team("Lean")))
    with pytest.raises(IntegrityError, match="evals_sample_pkey"):
        store(version, pk=sample_id(version.pk, 0), position=0)


@pytest.mark.parametrize(("place", "position"), [(8, 9), (9, 8), (0, -1), (-1, -1)])
def test_a_sample_has_the_id_of_its_place(place: int, position: int) -> None:
    version = make.version(make.task(make.team("Lean")))
    Sample.objects.of(version.pk).delete()
    with pytest.raises(IntegrityError, match="sample_id_is_version_and_position"):
        store(version, pk=sample_id(version.pk, place), position=position)


@pytest.mark.parametrize("value", ['"5"', "5", None, 0.5, [1, {"a": "b"}], 'é"\\', True])
def test_a_cell_is_read_once(value: Any) -> None:
    version = make.version(make.task(make.team("Lean")), samples=3)
    Sample.objects.of(version.pk).delete()
    store(version, pk=sample_id(version.pk, 0), position=0, input={"b": value, "a": 1})
    found = Sample.objects.get()
    assert found.input == {"b": value, "a": 1}
    assert Sample.objects.values_list("input__b", flat=True).get() == value
    assert Sample.objects.values_list("input", flat=True).get() == found.input


def store(version: EvalSetVersion, *, pk: int, position: int, **fields: Any) -> None:
    given = {"row": 99, "input": {}, "target": "x", **fields}
    Sample.objects.create(pk=pk, version=version, position=position, **given)
