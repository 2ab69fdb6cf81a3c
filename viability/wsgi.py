"""The web process's door."""

import os

from django.core.wsgi import get_wsgi_application

from viability.celery import app as celery_app

__all__ = ["application", "celery_app"]  # without its own app the bell would ring at nobody's door

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "viability.settings")

application = get_wsgi_application()
