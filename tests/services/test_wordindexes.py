"""The words of samples: stored a chunk at a time after a version, found as if never missing."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from evals.models import Evaluation, Run, SampleWords, Task, Team, WordIndex
from evals.queries import samplewords
from evals.queries.samplewords import SAMPLE_WORDS
from evals.services import wordindexes
from evals.services.taskdeletion import delete_task
from evals.services.wordindexes import RING_AGAIN, index_words, ring_for_words
from tests import make

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Take 30 samples for a large set, in chunks of 10, three of them at once."""
    monkeypatch.setattr(samplewords, "READ_THROUGH", 20)
    monkeypatch.setattr(wordindexes, "READ_THROUGH", 20)
    monkeypatch.setattr(wordindexes, "CHUNK", 10)
    monkeypatch.setattr(wordindexes, "CHUNKS_AT_ONCE", 3)


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Collect what is rung for."""
    bells: list[tuple[str, int]] = []
    monkeypatch.setattr(wordindexes, "enqueue", lambda job, row: bells.append((job.value, row)))
    return bells


@pytest.fixture
def evaluation(team: Team) -> Evaluation:
    return make.evaluation(make.task(team), samples=45, right={"open-model": 45})


def found(client: Client, run: Run, text: str) -> int:
    """Return how many trials a search shows."""
    page = client.get(reverse("evals:run", args=[run.pk]), {"q": text})
    return page.content.decode().count('id="trial-')


def said(client: Client, run: Run) -> str:
    return client.get(reverse("evals:run", args=[run.pk]), {"q": "says"}).content.decode()


def test_every_sample_has_its_words_in_the_end(evaluation: Evaluation):
    index_words(evaluation.version_id)
    index_words(evaluation.version_id)
    index = WordIndex.objects.get(version=evaluation.version_id)
    assert index.indexed_count == 45
    assert index.finished_at is not None
    stored = SampleWords.objects.filter(version=evaluation.version_id)
    assert sorted(stored.values_list("position", flat=True)) == list(range(45))
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM evals_samplewords "  # noqa: S608 - no text of others
            "JOIN evals_sample USING (version_id, position) "
            f"WHERE words = {SAMPLE_WORDS}"
        )
        assert cursor.fetchone() == (45,)


def test_a_job_does_some_chunks_and_rings_for_the_others(
    evaluation: Evaluation, rung: list[tuple[str, int]]
):
    rung.clear()
    index_words(evaluation.version_id)
    assert WordIndex.objects.get(version=evaluation.version_id).indexed_count == 30
    assert rung == [("evals.index_words", evaluation.version_id)]
    index_words(evaluation.version_id)
    index_words(evaluation.version_id)
    assert len(rung) == 1


def test_a_worker_that_ends_leaves_the_rest_to_the_next(evaluation: Evaluation):
    index_words(evaluation.version_id, should_end=lambda: True)
    assert WordIndex.objects.get(version=evaluation.version_id).indexed_count == 0
    index_words(evaluation.version_id)
    assert WordIndex.objects.get(version=evaluation.version_id).indexed_count == 30


def test_a_stored_version_is_rung_for_if_it_is_large(team: Team, rung: list[tuple[str, int]]):
    small = make.version(make.task(team, name="small"), samples=20)
    large = make.version(make.task(team, name="large"), samples=21)
    assert rung == [("evals.index_words", large.pk)]
    index_words(small.pk)
    assert not WordIndex.objects.filter(version=small.pk).exists()


def test_a_bell_that_was_lost_is_rung_again_until_the_words_are_there(evaluation: Evaluation):
    now = evaluation.version.created_at
    assert ring_for_words(now=now) == 0
    later = now + RING_AGAIN + timedelta(seconds=1)
    assert ring_for_words(now=later) == 1
    assert ring_for_words(now=later + timedelta(seconds=1)) == 0
    assert ring_for_words(now=later + 2 * RING_AGAIN) == 1
    index_words(evaluation.version_id)
    index_words(evaluation.version_id)
    assert ring_for_words(now=later + 9 * RING_AGAIN) == 0


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_words_are_found_before_and_after_they_are_stored(
    editor_client: Client, evaluation: Evaluation, monkeypatch: pytest.MonkeyPatch, calls: int
):
    monkeypatch.setattr(samplewords, "READ_THROUGH", 45)
    run = evaluation.runs.get(is_incumbent=False)
    for _ in range(calls):
        index_words(evaluation.version_id)
    assert found(editor_client, run, "number 7 says") == 1
    assert found(editor_client, run, "number 44 says") == 1
    assert found(editor_client, run, "says") == 45
    assert "being indexed" not in said(editor_client, run)


def test_a_search_says_what_it_does_not_read_yet(editor_client: Client, evaluation: Evaluation):
    run = evaluation.runs.get(is_incumbent=False)
    assert "0 of its 45 samples are searched so far" in said(editor_client, run)
    WordIndex.objects.create(version_id=evaluation.version_id)
    wordindexes._store_chunk(evaluation.version_id)  # noqa: SLF001 - one chunk of a job cut short
    assert "10 of its 45 samples are searched so far" in said(editor_client, run)
    assert found(editor_client, run, "number 7 says") == 1
    assert found(editor_client, run, "number 44 says") == 0
    index_words(evaluation.version_id)
    assert "being indexed" not in said(editor_client, run)
    assert found(editor_client, run, "number 44 says") == 1


def test_the_words_go_with_their_task(team: Team, evaluation: Evaluation):
    index_words(evaluation.version_id)
    task = Task.objects.get(pk=evaluation.task_id)
    delete_task(task=task, user=make.member(team, email="deleter@example.com"))
    assert not SampleWords.objects.exists()
    assert not WordIndex.objects.exists()
    index_words(evaluation.version_id)
    assert not WordIndex.objects.exists()
