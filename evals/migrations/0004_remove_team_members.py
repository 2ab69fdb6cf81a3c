from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("evals", "0003_run_rung_at")]
    operations = [migrations.RemoveField(model_name="team", name="members")]
