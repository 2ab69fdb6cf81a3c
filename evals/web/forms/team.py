"""Members, invitations, tokens, and how long answers are kept."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Any

from django import forms

from evals.models import Membership, Role
from evals.queries.access import ASCENDING, roles_up_to
from evals.queries.members import role_choices
from evals.services.tokens import TokenWish
from evals.web.forms.account import NewPasswordForm

DAYS = ((30, "30 days"), (90, "90 days"), (365, "a year"), (0, "until it is revoked"))
LONGEST_DAYS = 3650


def choices_of(roles: tuple[Role, ...]) -> list[tuple[str, str]]:
    """Return roles for a select, with what each may do."""
    return [(role.value, f"{role.label}: {role.rights}") for role in role_choices(roles)]


class RoleForm(forms.Form):
    """Another role for a member."""

    role = forms.TypedChoiceField(choices=Role.choices, coerce=Role)


class InviteForm(forms.Form):
    """Whom to invite, and as what."""

    email = forms.EmailField(label="E-mail")
    role = forms.TypedChoiceField(
        choices=choices_of(ASCENDING), coerce=Role, initial=Role.EDITOR, label="Role"
    )


class SignUpForm(NewPasswordForm):
    """The password of a new account; its e-mail is the invitation's."""


class TokenForm(forms.Form):
    """What a token is called, what it may do, and until when."""

    name = forms.CharField(max_length=120, help_text="What uses it, such as: nightly CI")
    role = forms.TypedChoiceField(coerce=Role)
    days = forms.TypedChoiceField(choices=DAYS, coerce=int, initial=90, label="Works for")
    once = forms.CharField(
        required=False, max_length=64, widget=forms.HiddenInput, initial=token_urlsafe
    )

    def __init__(self, data: Any, *, membership: Membership) -> None:
        super().__init__(data)
        own = roles_up_to(membership.role)
        self.fields["role"] = forms.TypedChoiceField(
            choices=choices_of(own), coerce=Role, initial=own[0], label="May do"
        )

    def wish(self, now: datetime) -> TokenWish:
        """Return what is asked for, once the form is valid."""
        days = self.cleaned_data["days"]
        return TokenWish(
            name=self.cleaned_data["name"],
            role=self.cleaned_data["role"],
            expires_at=now + timedelta(days=days) if days else None,
        )


class RetentionForm(forms.Form):
    """For how many days answers are kept; empty: for ever."""

    days = forms.IntegerField(
        required=False,
        min_value=1,
        max_value=LONGEST_DAYS,
        label="Days to keep answers",
        help_text="Counted from the end of their evaluation. Empty: for ever.",
    )
