"""The Celery app: settings from Django, jobs from `evals.jobs`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viability.settings")

app = Celery("viability")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["evals"], related_name="jobs")
