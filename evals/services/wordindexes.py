"""Storing the words of samples for the search: after a version is stored, a chunk at a time."""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from evals.models import EvalSetVersion, WordIndex
from evals.queries.sampleranges import in_version
from evals.queries.samplewords import READ_THROUGH, SAMPLE_WORDS
from evals.queue import Job, enqueue

logger = logging.getLogger(__name__)
CHUNK = 5_000  # samples in one transaction
CHUNKS_AT_ONCE = 20  # then whoever waits for this worker has a turn
RING_AGAIN = timedelta(minutes=2)  # longer than a chunk of the longest texts takes
BELLS_AT_ONCE = 20
STORE = (
    "INSERT INTO evals_samplewords (version_id, position, words) "  # noqa: S608 - no text of others
    f"SELECT version_id, position, {SAMPLE_WORDS} FROM evals_sample "
    f"WHERE {in_version(start='%(start)s', stop='%(stop)s')} ON CONFLICT DO NOTHING"
)
# What waits to be sorted into the index is read through by every search.
SORT_IN = "SELECT gin_clean_pending_list('sample_words_by_word'::regclass)"


def ring_for_version(version: EvalSetVersion) -> None:
    """Ring for the words of a version that was just stored, if it is large enough to need them."""
    if version.sample_count > READ_THROUGH:
        enqueue(Job.INDEX_WORDS, version.pk)


def index_words(version_id: int, *, should_end: Callable[[], bool] = lambda: False) -> None:
    """Store the words of a version's samples, some chunks of them, and ring for the others.

    A second call goes on where the first has come to; beside another at work it does nothing.
    """
    if not _begin(version_id):
        return
    for _ in range(CHUNKS_AT_ONCE):
        if should_end() or not _store_chunk(version_id):
            return
    enqueue(Job.INDEX_WORDS, version_id)


@transaction.atomic
def ring_for_words(*, now: datetime) -> int:
    """Ring for versions whose words nobody stores, also those from before, and return how many."""
    large = EvalSetVersion.objects.filter(
        sample_count__gt=READ_THROUGH, created_at__lt=now - RING_AGAIN, word_index=None
    )
    new = [WordIndex(version=version) for version in large.only("pk")[:BELLS_AT_ONCE]]
    WordIndex.objects.bulk_create(new, ignore_conflicts=True)
    is_silent = Q(heard_at=None) | Q(heard_at__lt=now - RING_AGAIN)
    due = WordIndex.objects.filter(is_silent, finished_at=None).select_for_update(skip_locked=True)
    ids = list(due.values_list("pk", flat=True)[:BELLS_AT_ONCE])
    WordIndex.objects.filter(pk__in=ids).update(heard_at=now)
    for version_id in ids:
        enqueue(Job.INDEX_WORDS, version_id)
    return len(ids)


@transaction.atomic
def _begin(version_id: int) -> bool:
    """Return whether the version is there and has words to store."""
    # Locked: a task that is being deleted takes its word indexes first.
    versions = EvalSetVersion.objects.select_for_update(no_key=True)
    if versions.filter(pk=version_id, sample_count__gt=READ_THROUGH).first() is None:
        return False
    index, _ = WordIndex.objects.get_or_create(version_id=version_id)
    return index.finished_at is None


@transaction.atomic
def _store_chunk(version_id: int) -> bool:
    """Store the words of the next samples; return whether there are more for this worker."""
    indexes = WordIndex.objects.select_for_update(of=("self",), skip_locked=True)
    index = indexes.select_related("version").filter(pk=version_id, finished_at=None).first()
    if index is None:
        return False
    start, total = index.indexed_count, index.version.sample_count
    index.indexed_count = min(start + CHUNK, total)
    index.heard_at = timezone.now()
    with connection.cursor() as cursor:
        chunk = {"version": version_id, "start": start, "stop": index.indexed_count}
        cursor.execute(STORE, chunk)
        if index.indexed_count == total:
            cursor.execute(SORT_IN)
            index.finished_at = index.heard_at
            logger.info("words indexed version=%s samples=%d", version_id, total)
    index.save(update_fields=["indexed_count", "heard_at", "finished_at"])
    return index.finished_at is None
