"""Samples are stored without an index over their words: those are stored after them."""

from django.db import migrations

SAMPLES = (
    "CREATE INDEX CONCURRENTLY sample_by_word ON evals_sample USING gin (("
    "array_to_tsvector(ARRAY['set ' || version_id::text]) || "
    "CASE WHEN octet_length(input::text) <= 200000 THEN jsonb_to_tsvector('simple'::regconfig, input, '[\"string\", \"numeric\"]') "
    "ELSE to_tsvector('simple'::regconfig, left(input::text, 200000)) END))"
)


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("evals", "0008_sample_words")]
    operations = [
        migrations.RunSQL("DROP INDEX CONCURRENTLY IF EXISTS sample_by_word", SAMPLES),
    ]
