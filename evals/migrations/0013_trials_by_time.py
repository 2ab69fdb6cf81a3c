"""The trials of the last half minute, found without reading all others of a live run.

Trials are stored in the order of time, so a few bytes for each stretch of the table will do. Built
beside running workers, so outside a transaction; one that was cut off is begun anew.
"""

from django.contrib.postgres.indexes import BrinIndex
from django.db import migrations

NAME = "trial_by_time"
INDEX = (
    f"CREATE INDEX CONCURRENTLY {NAME} ON evals_trial USING brin (created_at) "
    "WITH (autosummarize = on)"
)
DROP = f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}"


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("evals", "0012_lean_samples")]
    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[
                migrations.RunSQL(DROP, migrations.RunSQL.noop),
                migrations.RunSQL(INDEX, DROP),
            ],
            state_operations=[
                migrations.AddIndex(
                    model_name="trial",
                    index=BrinIndex(fields=["created_at"], autosummarize=True, name=NAME),
                )
            ],
        )
    ]
