"""What the database keeps about samples without a foreign key and without a trigger on each."""

import pytest
from django.db import IntegrityError, connection, transaction

from evals.models import EvalSetVersion, Sample
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)


def unsealed(rows: list[int], *, count: int) -> EvalSetVersion:
    """Return a version whose samples stand in these rows, not sealed yet."""
    made = make.version(make.task(make.team("Lean")))
    version = EvalSetVersion.objects.create(
        eval_set=made.eval_set, number=2, sample_count=count, columns=["text"], mapping={}
    )
    Sample.objects.bulk_create(
        Sample(version=version, position=position, row=row, input={}, target="x")
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
        cursor.execute("DELETE FROM evals_sample WHERE version_id = %s", [version.pk])
    assert not Sample.objects.filter(version_id=version.pk).exists()


def test_deleting_a_version_takes_its_samples_along() -> None:
    version = make.version(make.task(make.team("Lean")))
    version.delete()
    assert not Sample.objects.exists()


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
    with pytest.raises(IntegrityError, match="sample_once_per_position"):
        Sample.objects.create(version=version, position=0, row=99, input={}, target="x")
