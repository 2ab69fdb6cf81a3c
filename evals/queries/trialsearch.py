"""Search in what was asked and answered: whole words through PostgreSQL's index.

Every word has to occur in the sample (any of its columns) or in the output; the last one may be a
beginning, and what stands in quotes has to stand so. Scripts that write no spaces have no words for
PostgreSQL: there, and for signs alone, the text is looked for as it stands, without an index.
"""

import re

import numpy as np
from django.db import connection
from django.db.models import F, Func, Q, TextField, Value

from evals.domain.trialtables import Flags
from evals.models import Run, Sample, Trial
from evals.queries.runarrays import RunArrays

# As in the migration that made the indexes; `setlayouts` and `runarrays` find by position.
SAMPLE_WORDS = (
    "(array_to_tsvector(ARRAY['set ' || version_id::text]) || "
    "CASE WHEN octet_length(input::text) <= 200000 "
    "THEN jsonb_to_tsvector('simple'::regconfig, input, '[\"string\", \"numeric\"]') "
    "ELSE to_tsvector('simple'::regconfig, left(input::text, 200000)) END)"
)
TRIAL_WORDS = (
    "(array_to_tsvector(ARRAY['run ' || run_id::text]) || "
    "to_tsvector('simple'::regconfig, left(coalesce(output, ''), 200000)))"
)
# Thai to Burmese, kana, Han, Hangul is written with spaces.
WITHOUT_SPACES = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
)
WORD = re.compile(r"[^\W_]")
TAG = re.compile(r"<[\w/]")  # what PostgreSQL takes for one is no word to it
QUOTED = re.compile(r'"([^"]*)"')
LEAST_BEGINNING = 3  # letters; shorter ones begin half of all words


def search(run: Run, arrays: RunArrays, text: str, *, column: str) -> Flags:
    """Return which trials the text is found in, in (positions, epochs), in two queries."""
    found = np.zeros_like(arrays.truncated)
    if WITHOUT_SPACES.search(text) or TAG.search(text) or not WORD.search(text):
        positions, trials = _by_substring(run, text, column)
    else:
        positions, trials = _by_words(run, text)
    found[positions] = True
    if trials:
        at = np.full(run.evaluation.version.sample_count, 0, dtype=np.int64)
        asked = np.flatnonzero(arrays.places >= 0)
        at[arrays.places[asked]] = asked
        places, epochs = zip(*trials, strict=True)
        found[at[list(places)], list(epochs)] = True
    return found


def _by_words(run: Run, text: str) -> tuple[list[int], list[tuple[int, int]]]:
    query, parameters = _words_query(text)
    # Materialized: the plan may not count on stopping early, and an absent word is cheap then.
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH found AS MATERIALIZED (SELECT version_id, position FROM evals_sample WHERE "  # noqa: S608
            f"{SAMPLE_WORDS} @@ (quote_literal(%s)::tsquery && {query})) "
            "SELECT position FROM found WHERE version_id = %s",
            [f"set {run.evaluation.version_id}", *parameters, run.evaluation.version_id],
        )
        positions = [position for (position,) in cursor.fetchall()]
        cursor.execute(
            f"WITH found AS MATERIALIZED (SELECT run_id, place, epoch FROM evals_trial WHERE "  # noqa: S608
            f"{TRIAL_WORDS} @@ (quote_literal(%s)::tsquery && {query})) "
            "SELECT place, epoch FROM found WHERE run_id = %s",
            [f"run {run.pk}", *parameters, run.pk],
        )
        return positions, cursor.fetchall()


def _words_query(text: str) -> tuple[str, list[str]]:
    """Return a tsquery as SQL with its parameters."""
    phrases = [phrase for phrase in QUOTED.findall(text) if WORD.search(phrase)]
    rest = QUOTED.sub(" ", text).strip()
    parts = ["nullif(phraseto_tsquery('simple', %s)::text, '')::tsquery"] * len(phrases)
    parameters = list(phrases)
    if WORD.search(rest):
        is_beginning = re.search(rf"\w{{{LEAST_BEGINNING},}}$", rest)
        # Its text ends with the last word in quotes; ":*" makes that a beginning.
        ending = " || ':*'" if is_beginning else ""
        parts.append(f"(nullif(plainto_tsquery('simple', %s)::text, ''){ending})::tsquery")
        parameters.append(rest)
    return " && ".join(parts), parameters


def _by_substring(run: Run, text: str, column: str) -> tuple[list[int], list[tuple[int, int]]]:
    samples = Sample.objects.filter(version_id=run.evaluation.version_id).alias(
        asked=column_text("input", column)
    )
    found = samples.filter(Q(asked__icontains=text) | Q(target__icontains=text))
    trials = Trial.objects.filter(run=run, output__icontains=text)
    positions = list(found.values_list("position", flat=True))
    return positions, list(trials.values_list("place", "epoch"))


def column_text(field: str, column: str) -> Func:
    """Return a column of a sample as text; any name will do, "0" and "a__b" too."""
    return Func(
        F(field), Value(column), function="jsonb_extract_path_text", output_field=TextField()
    )
