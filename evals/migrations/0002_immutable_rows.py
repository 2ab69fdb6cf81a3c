"""What is written once stays as it was written: the database itself refuses to change it."""

from django.db import migrations

FORBID = """
CREATE FUNCTION evals_forbid_update() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME USING ERRCODE = 'check_violation';
END $$;
"""
WHOLE_ROWS = [
    "evals_sample",
    "evals_criterion",
    "evals_scorerset",
    "evals_harness",
    "evals_recordedanswerrow",
]
TRIGGERS = [
    *(
        f"CREATE TRIGGER never_changed BEFORE UPDATE ON {table} FOR EACH ROW EXECUTE FUNCTION evals_forbid_update();"
        for table in WHOLE_ROWS
    ),
    # A version is sealed by its hash; until then its counts are being written.
    "CREATE TRIGGER never_changed BEFORE UPDATE OF sha256, sample_count, columns, mapping, eval_set_id, number "
    "ON evals_evalsetversion FOR EACH ROW WHEN (OLD.sha256 <> '') EXECUTE FUNCTION evals_forbid_update();",
    "CREATE TRIGGER never_changed BEFORE UPDATE OF spec, version_id, bar_id, scorer_set_id, sample_count, epochs, identity "
    "ON evals_evaluation FOR EACH ROW EXECUTE FUNCTION evals_forbid_update();",
    "CREATE TRIGGER never_changed BEFORE UPDATE OF grounds, state, run_id, computed_at "
    "ON evals_verdictrow FOR EACH ROW EXECUTE FUNCTION evals_forbid_update();",
]
TABLES = [*WHOLE_ROWS, "evals_evalsetversion", "evals_evaluation", "evals_verdictrow"]


class Migration(migrations.Migration):
    dependencies = [("evals", "0001_initial")]
    operations = [
        migrations.RunSQL(
            FORBID + "\n".join(TRIGGERS),
            "\n".join(f"DROP TRIGGER never_changed ON {table};" for table in TABLES)
            + "DROP FUNCTION evals_forbid_update();",
        )
    ]
