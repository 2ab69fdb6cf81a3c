from django.apps import AppConfig


class EvalsConfig(AppConfig):
    """The one app of the project."""

    name = "evals"
    verbose_name = "Viability"
