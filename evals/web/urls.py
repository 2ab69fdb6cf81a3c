"""Every page's address."""

from django.urls import URLPattern, path

from evals.web.views import account, health

app_name = "evals"
urlpatterns: list[URLPattern] = [
    path("healthz", health.healthz, name="healthz"),
    path("sign-in/", account.sign_in, name="sign_in"),
    path("sign-out/", account.sign_out, name="sign_out"),
    path("first-admin/<str:token>/", account.first_admin, name="first_admin"),
    path("account/", account.account, name="account"),
    path("team/switch/", account.team_switch, name="team_switch"),
]
