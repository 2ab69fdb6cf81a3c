"""What replaces the grounds of a verdict while it is computed: seen whichever commits last."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from evals.domain.evalsets import Mapping
from evals.models import Evaluation, Task, Upload, VerdictRow
from evals.services.evalsets import keep_upload
from evals.services.uploads import ask_to_store
from evals.services.uploadstoring import carry_out
from tests import make

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20.0
A_WHILE = 0.5  # in which who does not wait is through
ROWS = b"text,queue\n" + b"".join(b"question %d,yes\n" % n for n in range(3000))


@contextmanager
def beside(work: Callable[[Callable[[], None]], object]) -> Iterator[None]:
    """Do the body while `work` halts where it calls its argument; end it with the body."""
    reached, go_on = threading.Event(), threading.Event()

    def halt() -> None:
        reached.set()
        go_on.wait(PATIENCE)

    def run() -> None:
        try:
            work(halt)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    assert reached.wait(PATIENCE)
    try:
        yield
    finally:
        go_on.set()
        thread.join(PATIENCE)


def asked(task: Task) -> Upload:
    user = make.member(task.team)
    file = ContentFile(ROWS)
    upload = keep_upload(task=task, user=user, name="t.csv", file=file, size=len(ROWS))
    mapping = Mapping("text", "queue")
    ask_to_store(upload=upload, mapping=mapping, user=user, now=timezone.now())
    return upload


def answered(evaluation: Evaluation) -> Evaluation:
    for run in evaluation.runs.all():
        make.answer(run)
        make.complete(run)
    return evaluation


def reason(evaluation: Evaluation) -> str:
    return VerdictRow.objects.get(run__evaluation=evaluation, run__is_incumbent=False).stale_reason


def test_a_version_that_was_being_stored_when_the_evaluation_began(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    task = make.task()
    make.version(task, samples=20)
    upload = asked(task)

    def store(halt: Callable[[], None]) -> None:
        def should_end() -> bool:
            halt()
            return False

        carry_out(str(upload.pk), now=timezone.now(), should_end=should_end)

    with beside(store):
        made = make.live_evaluation(task)
        assert made.version.number == 1
    make.finish(answered(made))
    assert "eval set v2" in reason(made)


def new_version(evaluation: Evaluation) -> None:
    make.version(evaluation.task, samples=30)


def new_release(evaluation: Evaluation) -> None:
    spec = make.candidate_spec()
    make.candidate(evaluation.task, replace(spec, model=replace(spec.model, revision="3c4d")))


@pytest.mark.parametrize(
    ("change", "said"), [(new_version, "eval set v2"), (new_release, "another release")]
)
def test_a_change_that_is_not_committed_when_the_evaluation_ends(
    change: Callable[[Evaluation], None], said: str
):
    made = answered(make.live_evaluation(make.task()))

    def replaced(halt: Callable[[], None]) -> None:
        with transaction.atomic():
            change(made)
            halt()

    def end() -> None:
        try:
            make.finish(made)
        finally:
            connection.close()

    ending = threading.Thread(target=end)
    with beside(replaced):
        ending.start()
        ending.join(A_WHILE)
    ending.join(PATIENCE)
    assert said in reason(made)
