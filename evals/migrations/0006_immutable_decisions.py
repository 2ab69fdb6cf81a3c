"""What was signed stays as it was signed; who did it may be forgotten with their account."""

from django.db import migrations

TRIGGERS = """
CREATE TRIGGER never_changed BEFORE UPDATE OF document, sha256, previous_sha256, signature, key_id,
  number, task_id, evaluation_id, proposed_at
  ON evals_report FOR EACH ROW EXECUTE FUNCTION evals_forbid_update();
CREATE TRIGGER never_changed BEFORE UPDATE OF document, sha256, signature, key_id, outcome, reason,
  candidate_id, report_id, decided_at, expires_on
  ON evals_decision FOR EACH ROW EXECUTE FUNCTION evals_forbid_update();
"""
UNDO = """
DROP TRIGGER never_changed ON evals_report;
DROP TRIGGER never_changed ON evals_decision;
"""


class Migration(migrations.Migration):
    dependencies = [("evals", "0005_people_and_decisions")]
    operations = [migrations.RunSQL(TRIGGERS, UNDO)]
