"""Where the app's pages hang."""

from django.urls import include, path

urlpatterns = [path("", include("evals.web.urls"))]
