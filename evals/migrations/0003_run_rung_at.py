from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("evals", "0002_immutable_rows")]
    operations = [
        migrations.AddField(model_name="run", name="rung_at", field=models.DateTimeField(null=True))
    ]
