"""Search in what was asked and answered: whole words through PostgreSQL's index.

Every word has to occur in the sample (any of its columns) or in the output; the last one may be a
beginning, and what stands in quotes has to stand so. Scripts that write no spaces have no words for
PostgreSQL: there, and for signs alone, the text is looked for as it stands, without an index.
"""

import re
from collections.abc import Mapping
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F, Func, Q, TextField, Value

from evals.domain.trialtables import Flags, Whole
from evals.models import Run, Sample, Trial
from evals.queries.runarrays import RunArrays
from evals.queries.sampleranges import in_version
from evals.queries.samplewords import SAMPLE_WORDS, Indexed

# As in the migration that made the index; `setlayouts` and `runarrays` find by position.
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


# Materialized: the plan may not count on stopping early, and an absent word is cheap then.
SAMPLES = (
    "WITH found AS MATERIALIZED "  # noqa: S608 - its parts are of this house
    "(SELECT version_id, position FROM evals_samplewords "
    "WHERE words @@ (quote_literal(%(own)s)::tsquery && {query})) "
    "SELECT string_agg(int4send(position), ''::bytea) FROM ("
    "SELECT position FROM found WHERE version_id = %(version)s UNION ALL "
    "SELECT position FROM evals_sample "
    f"WHERE {in_version(start='%(start)s', stop='%(stop)s')} "
    "AND {words} @@ ({query})) every"
)
TRIALS = (
    "WITH found AS MATERIALIZED (SELECT run_id, place, epoch FROM evals_trial "
    "WHERE {words} @@ (quote_literal(%(own)s)::tsquery && {query})) "
    "SELECT string_agg(int4send(place) || int4send(epoch), ''::bytea) "
    "FROM found WHERE run_id = %(run)s"
)


def search(run: Run, arrays: RunArrays, text: str, *, column: str, words: Indexed) -> Flags:
    """Return which trials the text is found in, in (positions, epochs), in two queries.

    `column` of the samples is where text is looked for as it stands, `words` how far the samples'
    words are stored.
    """
    found = np.zeros_like(arrays.truncated)
    if WITHOUT_SPACES.search(text) or TAG.search(text) or not WORD.search(text):
        positions, trials = _by_substring(run, text, column)
    else:
        positions, trials = _by_words(run, text, words)
    found[positions] = True
    at = arrays.positions_at(trials[:, 0])
    is_known = at >= 0  # a live run may have got more since its arrays were read
    found[at[is_known], trials[is_known, 1]] = True
    return found


def _by_words(run: Run, text: str, words: Indexed) -> tuple[Whole, Whole]:
    """Return the positions of samples, and (place, epoch) of trials in rows."""
    query, parameters = _words_query(text)
    version = run.evaluation.version_id
    rest = {"start": words.count, "stop": words.count + words.read_through}
    samples = _packed(
        SAMPLES.format(query=query, words=SAMPLE_WORDS),
        {"own": f"set {version}", "version": version, **parameters, **rest},
    )
    trials = _packed(
        TRIALS.format(query=query, words=TRIAL_WORDS),
        {"own": f"run {run.pk}", "run": run.pk, **parameters},
    )
    return samples, trials.reshape(-1, 2)


def _packed(statement: str, parameters: Mapping[str, Any]) -> Whole:
    """Return the numbers that a statement sends in one value: a row for each takes far longer."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        sent = cursor.fetchone()[0]
    return np.frombuffer(sent or b"", dtype=">i4").astype(np.int64)


def _words_query(text: str) -> tuple[str, dict[str, str]]:
    """Return a tsquery as SQL with its parameters."""
    phrases = [phrase for phrase in QUOTED.findall(text) if WORD.search(phrase)]
    rest = QUOTED.sub(" ", text).strip()
    parameters = {f"phrase_{number}": phrase for number, phrase in enumerate(phrases)}
    parts = [
        f"nullif(phraseto_tsquery('simple', %({name})s)::text, '')::tsquery" for name in parameters
    ]
    if WORD.search(rest):
        is_beginning = re.search(rf"\w{{{LEAST_BEGINNING},}}$", rest)
        # Its text ends with the last word in quotes; ":*" makes that a beginning.
        ending = " || ':*'" if is_beginning else ""
        parts.append(f"(nullif(plainto_tsquery('simple', %(rest)s)::text, ''){ending})::tsquery")
        parameters["rest"] = rest
    return " && ".join(parts), parameters


def _by_substring(run: Run, text: str, column: str) -> tuple[Whole, Whole]:
    samples = Sample.objects.of(run.evaluation.version_id).alias(asked=column_text("input", column))
    found = samples.filter(Q(asked__icontains=text) | Q(target__icontains=text))
    trials = Trial.objects.filter(run=run, output__icontains=text)
    positions = np.array(found.values_list("position", flat=True), dtype=np.int64)
    pairs = np.array(trials.values_list("place", "epoch"), dtype=np.int64)
    return positions, pairs.reshape(-1, 2)


def column_text(field: str, column: str) -> Func:
    """Return a column of a sample as text; any name will do, "0" and "a__b" too."""
    return Func(
        F(field), Value(column), function="json_extract_path_text", output_field=TextField()
    )
