"""Signing in, the first admin, and a new password."""

from typing import Any

from django import forms
from django.contrib.auth.forms import AuthenticationForm, SetPasswordMixin
from django.contrib.auth.password_validation import password_validators_help_texts
from django.http import HttpRequest

from evals.models import User
from evals.web import throttle


class SignInForm(AuthenticationForm):
    """E-mail and password; after many wrong ones the next are refused for a while."""

    error_messages = {  # noqa: RUF012 - as Django declares it
        "invalid_login": "This e-mail and password do not belong together.",
        "inactive": "This account is switched off. Ask an admin of your team.",
    }

    request: HttpRequest

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        super().__init__(request, *args, **kwargs)
        self.fields["username"].label = "E-mail"
        self.fields["username"].widget = forms.EmailInput(
            attrs={"autocomplete": "username", "autofocus": True}
        )

    def clean(self) -> dict[str, Any]:
        """Look at the password, unless there were too many wrong ones."""
        address, email = self.request.META["REMOTE_ADDR"], self.cleaned_data.get("username", "")
        if throttle.is_closed(address, email):
            raise forms.ValidationError(
                f"Too many wrong passwords. Try again in {throttle.MINUTES} minutes."
            )
        throttle.count(address, email)
        cleaned = super().clean()
        throttle.forget(address, email)
        return dict(cleaned)


class NewPasswordForm(SetPasswordMixin, forms.Form):  # type: ignore[type-arg]
    """A password typed twice, as strong as the settings ask."""

    password, again = SetPasswordMixin.create_password_fields("Password", "Password again")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = " ".join(password_validators_help_texts())
        self.fields["again"].help_text = ""

    def clean(self) -> dict[str, Any]:
        """Want the same strong password twice."""
        self.validate_passwords("password", "again")
        self.validate_password_for_user(self.user, "password")
        return dict(super().clean() or {})


class FirstAdminForm(NewPasswordForm):
    """Who runs this instance."""

    email = forms.EmailField(
        label="E-mail",
        widget=forms.EmailInput(attrs={"autocomplete": "username", "autofocus": True}),
    )
    field_order = ("email", "password", "again")


class PasswordChangeForm(NewPasswordForm):
    """A new password in the place of the current one."""

    current = forms.CharField(
        label="Current password",
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "current-password"}),
    )
    field_order = ("current", "password", "again")

    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        super().__init__(*args, user=user, **kwargs)
        self.fields["password"].label = "New password"
        self.fields["again"].label = "New password again"

    def clean_current(self) -> str:
        """Want the password that holds now."""
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise forms.ValidationError("This is not your password. It has not been changed.")
        return current
