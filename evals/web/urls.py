"""Every page's address."""

from django.urls import URLPattern

app_name = "evals"
urlpatterns: list[URLPattern] = []
