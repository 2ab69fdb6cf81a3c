"""Words of samples and of outputs, found through an index.

Built beside running workers, so outside a transaction; one that was cut off is begun anew. What
comes first in each vector is no word that a text can hold: by it the index narrows to one set or
one run. Beyond 200,000 characters a text is not searched: PostgreSQL bounds a vector at 1 MB.
"""

from django.db import migrations

SAMPLES = (
    "CREATE INDEX CONCURRENTLY sample_by_word ON evals_sample USING gin (("
    "array_to_tsvector(ARRAY['set ' || version_id::text]) || "
    "CASE WHEN octet_length(input::text) <= 200000 THEN jsonb_to_tsvector('simple'::regconfig, input, '[\"string\", \"numeric\"]') "
    "ELSE to_tsvector('simple'::regconfig, left(input::text, 200000)) END))"
)
TRIALS = (
    "CREATE INDEX CONCURRENTLY trial_by_word ON evals_trial USING gin (("
    "array_to_tsvector(ARRAY['run ' || run_id::text]) || "
    "to_tsvector('simple'::regconfig, left(coalesce(output, ''), 200000))))"
)
DROP_SAMPLES = "DROP INDEX CONCURRENTLY IF EXISTS sample_by_word"
DROP_TRIALS = "DROP INDEX CONCURRENTLY IF EXISTS trial_by_word"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("evals", "0006_immutable_decisions")]
    operations = [
        migrations.RunSQL(DROP_SAMPLES, migrations.RunSQL.noop),
        migrations.RunSQL(SAMPLES, DROP_SAMPLES),
        migrations.RunSQL(DROP_TRIALS, migrations.RunSQL.noop),
        migrations.RunSQL(TRIALS, DROP_TRIALS),
    ]
