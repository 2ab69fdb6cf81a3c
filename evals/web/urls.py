"""Every page's address."""

from django.urls import URLPattern, path

from evals.web.views import health

app_name = "evals"
urlpatterns: list[URLPattern] = [
    path("healthz", health.healthz, name="healthz"),
]
