"""Forms for sites and local accounts. Credentials go in and never come out again."""

from typing import TYPE_CHECKING, Any, TypeAlias

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldBooleanSwitchWidget

from ium.directory.models import Site, User
from ium.lib import clock
from ium.lib.admin import https_first
from ium.lib.hosts import origin

if TYPE_CHECKING:
    from django.contrib.auth.forms import AdminUserCreationForm as UserCreationForm

    SiteModelForm: TypeAlias = forms.ModelForm[Site]
else:
    SiteModelForm = forms.ModelForm
    from unfold.forms import UserCreationForm

SECRETS = {
    "org_key": gettext_lazy("Organisation key"),
    "second_org_key": gettext_lazy("Second organisation key"),
    "api_token": gettext_lazy("API token"),
}
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


def _secret(name: str) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget(attrs={"autocomplete": "new-password"}, render_value=False)
    return forms.CharField(label=SECRETS[name], required=False, widget=widget)


def _clear(label: Any) -> forms.BooleanField:
    return forms.BooleanField(label=label, required=False, widget=UnfoldBooleanSwitchWidget())


class SiteForm(SiteModelForm):
    """A site and its keys. An empty key field keeps what is stored; a switch takes it away."""

    org_key = _secret("org_key")
    second_org_key = _secret("second_org_key")
    api_token = _secret("api_token")
    clear_org_key = _clear(gettext_lazy("Take the organisation key away"))
    clear_second_org_key = _clear(gettext_lazy("Take the second organisation key away"))
    clear_api_token = _clear(gettext_lazy("Take the API token away"))

    class Meta:
        model = Site
        formfield_callback = https_first
        fields = [
            "name",
            "url",
            "api_url",
            "cloud_id",
            "org_id",
            "directory_id",
            "org_key",
            "org_key_expires_on",
            "second_org_key",
            "api_email",
            "api_token",
            "api_token_expires_on",
            "api_token_scoped",
            "alert_emails",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Tell for each key whether it is set; the key itself does not get into the form."""
        super().__init__(*args, **kwargs)
        self.stored = {name: getattr(self.instance, name) or "" for name in SECRETS}
        for name in SECRETS:
            self.initial[name] = ""
            if name in self.fields:
                self.fields[name].help_text = self._about(name)
        if "alert_emails" in self.fields:
            self.fields["alert_emails"].widget.attrs["rows"] = 3

    def _about(self, name: str) -> str:
        if self.stored[name]:
            return _("Set. It is never shown again. Leave empty to keep it.")
        about = getattr(Site._meta.get_field(name), "help_text", "")
        return " ".join(part for part in (_("Not set."), str(about)) if part)

    def clean_url(self) -> str:
        """Refuse an address that would carry keys unencrypted."""
        return _safe(self.cleaned_data["url"])

    def clean_api_url(self) -> str:
        """Refuse an address that would carry keys unencrypted."""
        return _safe(self.cleaned_data["api_url"])

    def clean_org_key_expires_on(self) -> Any:
        """Refuse a day that is over."""
        return self._coming("org_key_expires_on")

    def clean_api_token_expires_on(self) -> Any:
        """Refuse a day that is over."""
        return self._coming("api_token_expires_on")

    def _coming(self, name: str) -> Any:
        """Return the day unless it was just written and is over; one that passed by itself may stay."""
        day = self.cleaned_data[name]
        if day is not None and day < clock.now().date() and name in self.changed_data:
            raise forms.ValidationError(
                _("This day is over. Look up when the key ends, or create a new key at Atlassian.")
            )
        return day

    def clean(self) -> dict[str, Any]:
        """Work out which keys there will be, and whether they suffice."""
        data = super().clean() or {}
        for name in SECRETS:
            if name in data:
                data[name] = self._next(name, data)
        self._check_way_in(data)
        return data

    def _next(self, name: str, data: dict[str, Any]) -> str:
        written = str(data[name])
        if data.get(f"clear_{name}"):
            if written:
                self.add_error(name, _("Either write a new key or take the old one away."))
            return ""
        return written or self._kept(name, data)

    def _kept(self, name: str, data: dict[str, Any]) -> str:
        """Return the stored key, but not for a new host: who writes the address would get to know the key."""
        if self.stored[name] and self._moved(data):
            self.add_error(name, _("The address changed: write the key again, or take it away."))
        return self.stored[name]

    def _moved(self, data: dict[str, Any]) -> bool:
        places = [place for place in ("url", "api_url") if place in data]
        return any(origin(data[place]) != origin(self.initial[place]) for place in places)

    def _check_way_in(self, data: dict[str, Any]) -> None:
        keys = bool(data.get("org_key") or data.get("second_org_key"))
        if keys and not data.get("org_id") and "org_id" not in self.errors:
            self.add_error("org_id", _("An organisation key works only with its organisation id."))
        if data.get("api_token") and not data.get("api_email") and "api_email" not in self.errors:
            self.add_error(
                "api_email", _("An API token works only with the e-mail of its account.")
            )
        if not keys and not data.get("api_token"):
            raise forms.ValidationError(
                _(
                    "IUM needs a way into Jira: an organisation key with the organisation id, or an API token with"
                    " the e-mail of its account."
                )
            )


def _safe(url: str) -> str:
    scheme, host, _port = origin(url)
    if scheme != "https" and host not in LOOPBACK:
        raise forms.ValidationError(
            _("Use https://…: otherwise everybody on the way could read the key.")
        )
    return url.rstrip("/")


class LocalUserForm(UserCreationForm):  # type: ignore[type-arg] # generic in the stubs only
    """A new local account: somebody who signs in to IUM with a password."""

    class Meta:
        model = User
        fields = ["username", "display_name", "email"]
