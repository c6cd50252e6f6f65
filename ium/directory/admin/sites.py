"""Sites and their keys. Keys can be written and taken away, never read."""

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.directory.forms import SECRETS, SiteForm
from ium.directory.models import ConnectionState, Site
from ium.lib.admin import HTTPS_FIRST, AsOfMixin, ModelAdmin, display
from ium.lib.spans import when

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations

    from ium.lib.admin import AsOf

    ShownSite = WithAnnotations[Site, AsOf]


@admin.register(Site)
class SiteAdmin(AsOfMixin, ModelAdmin):
    """Sites with the state of their connection."""

    form = SiteForm
    formfield_overrides = HTTPS_FIRST
    warn_unsaved_form = True
    list_display = ["name", "url", "connection", "keys", "ends", "people_synced"]
    search_fields = ["name", "url"]
    ordering = ["name"]
    readonly_fields = ["connection_state", "connection_problem", "people_synced"]
    fieldsets = (
        (
            None,
            {
                "fields": [
                    ("name", "url"),
                    ("connection_state", "people_synced"),
                    "connection_problem",
                    "alert_emails",
                ]
            },
        ),
        (
            gettext_lazy("Organisation key"),
            {
                "description": gettext_lazy(
                    "From admin.atlassian.com, Settings, API keys; without scopes. With it IUM changes group members."
                ),
                "fields": [
                    ("org_id", "directory_id"),
                    ("org_key", "clear_org_key"),
                    ("second_org_key", "clear_second_org_key"),
                    "org_key_expires_on",
                ],
            },
        ),
        (
            gettext_lazy("API token"),
            {
                "description": gettext_lazy(
                    "From id.atlassian.com, of an account that administers Jira. With it IUM counts licences too."
                ),
                "fields": [
                    ("api_token", "clear_api_token"),
                    ("api_email", "api_token_scoped"),
                    "api_token_expires_on",
                ],
            },
        ),
        (gettext_lazy("Seldom needed"), {"fields": [("api_url", "cloud_id")]}),
    )

    @display(
        description=gettext_lazy("connection"),
        label={
            ConnectionState.OK: "success",
            ConnectionState.UNKNOWN: "info",
            ConnectionState.UNREACHABLE: "danger",
            ConnectionState.REFUSED: "danger",
        },
    )
    def connection(self, site: Site) -> tuple[str, str]:
        """What IUM last learned."""
        return site.connection_state, site.get_connection_state_display()

    @display(description=gettext_lazy("problem"))
    def connection_problem(self, site: Site) -> str | None:
        """What Jira said."""
        return site.connection_message or None

    @display(description=gettext_lazy("keys"))
    def keys(self, site: Site) -> str:
        """Which keys are set."""
        present = [str(name) for field, name in SECRETS.items() if getattr(site, field)]
        return ", ".join(present) or _("none set")

    @display(description=gettext_lazy("first key ends"))
    def ends(self, site: Site) -> Any:
        """The earliest end of a key."""
        days = [day for day in (site.org_key_expires_on, site.api_token_expires_on) if day]
        return min(days, default=None)

    @display(description=gettext_lazy("people last read"), ordering="people_synced_at")
    def people_synced(self, site: "ShownSite") -> SafeString:
        """How old the mirror of people is."""
        return when(site.people_synced_at, site.as_of)
