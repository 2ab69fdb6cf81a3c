"""Where the app's pages and its API hang."""

from django.urls import include, path

from evals.api.urls import api

urlpatterns = [path("api/v1/", api.urls), path("", include("evals.web.urls"))]
