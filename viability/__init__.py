"""The Django project: wiring only. Settings, the Celery app, the command line, the services."""

__version__ = "0.1.0"
