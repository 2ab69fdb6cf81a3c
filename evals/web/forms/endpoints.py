"""A new key in the place of a stored one."""

from django import forms


class KeyForm(forms.Form):
    """A key, typed in blind."""

    key = forms.CharField(
        label="New API key",
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"}),
        help_text="It takes the place of the stored one at once, and is never shown again.",
    )

    def clean_key(self) -> str:
        """Refuse what no header can hold."""
        key: str = self.cleaned_data["key"]
        if not key.isprintable():
            raise forms.ValidationError("A key has no line breaks or control characters.")
        return key
