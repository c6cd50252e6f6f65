"""Sites, with what their keys may do and the mirror of their groups."""

from datetime import date
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST

from ium.directory.admin import SiteAdmin
from ium.directory.models import Site
from ium.lib import clock
from ium.lib.admin import action
from jira_sync.admin.pages import NotesGoTooMixin, require
from jira_sync.admin.webhook_pages import WebhookPagesMixin
from jira_sync.doctor.check_keys import STAGES, days_left
from jira_sync.doctor.credentials import credentials_of
from jira_sync.doctor.services import check_soon
from jira_sync.services.connection_test import connection_test
from jira_sync.services.groups import groups_refresh
from jira_sync.services.health import note_answer

admin.site.unregister(Site)


def read_groups(site: Site) -> str:
    """Read the site's groups; return what was found as a sentence."""
    at = clock.now()
    found = groups_refresh(site_id=site.pk, at=at)
    note_answer(site_id=site.pk, at=at)
    check_soon(site_id=site.pk)
    text = ngettext("%(number)d group was read.", "%(number)d groups were read.", found.groups)
    parts = [text % {"number": found.groups}]
    if found.missing:
        gone = ngettext(
            "%(number)d is gone from Jira.", "%(number)d are gone from Jira.", found.missing
        )
        parts.append(gone % {"number": found.missing})
    if found.waiting:
        rest = ngettext(
            "%(number)d is asked next time what it gives: read the groups once more.",
            "%(number)d are asked next time what they give: read the groups once more.",
            found.waiting,
        )
        parts.append(rest % {"number": found.waiting})
    return " ".join(parts)


def key_endings(site: Site, today: date) -> list[tuple[str, str]]:
    """Return (level, sentence) for every key of the site that has ended or ends within 30 days."""
    found = []
    for credential in credentials_of(site):
        left = days_left(credential.expires_on, today)
        words = {"key": credential.label, "date": credential.expires_on, "days": left}
        if left is not None and left < 0:
            found.append(("danger", _("The %(key)s ended on %(date)s. Enter a new one.") % words))
        elif left is not None and left <= STAGES[0]:
            level = "danger" if left <= STAGES[2] else "warning"
            text = ngettext(
                "The %(key)s ends in %(days)d day, on %(date)s. Create a new one in time.",
                "The %(key)s ends in %(days)d days, on %(date)s. Create a new one in time.",
                left,
            )
            found.append((level, text % words))
    return found


@admin.register(Site)
class ConnectedSiteAdmin(NotesGoTooMixin, WebhookPagesMixin, SiteAdmin):
    """Sites, their keys, and a page that tries them."""

    actions_detail = ["try_keys", "open_webhook"]
    change_form_outer_before_template = "admin/jira_sync/key_endings.html"

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the page of the connection and its two buttons, besides those of the webhook."""
        return [
            *super().pages(),
            ("<int:pk>/connection/", self.connection_page, "jira_sync_connection"),
            ("<int:pk>/connection/test/", self.test_now, "jira_sync_connection_test"),
            ("<int:pk>/connection/groups/", self.read_groups_now, "jira_sync_read_groups"),
        ]

    @action(
        description=gettext_lazy("Connection and groups"),
        url_path="try-keys",
        icon="cable",
        permissions=["change"],
    )
    def try_keys(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page that tries the keys."""
        return HttpResponseRedirect(reverse("admin:jira_sync_connection", args=[object_id]))

    def connection_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show what can be tried, and what was found."""
        return self._connection(request, self._site(request, pk), None)

    @method_decorator(require_POST)
    def test_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Try every key; show in words what each may do."""
        site = self._site(request, pk)
        report = connection_test(site=site)
        if report.ok:
            note_answer(site_id=site.pk, at=clock.now())
        return self._connection(request, site, report)

    @method_decorator(require_POST)
    def read_groups_now(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Read the groups and what they give."""
        site = self._site(request, pk)
        self.attempt(request, lambda: read_groups(site))
        return HttpResponseRedirect(reverse("admin:jira_sync_connection", args=[pk]))

    def _site(self, request: HttpRequest, pk: int) -> Site:
        site = get_object_or_404(Site, pk=pk)
        require(self.has_change_permission(request, site))
        return site

    def _connection(self, request: HttpRequest, site: Site, report: Any) -> HttpResponse:
        title = _("Connection of %(site)s") % {"site": site}
        known = site.groups.filter(missing_since=None)
        context = {
            "site": site,
            "report": report,
            "number": known.count(),
            "read_at": known.order_by("-read_at").values_list("read_at", flat=True).first(),
        }
        return self.show(request, "connection.html", title, **context)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> Any:
        """Show above the form which keys end soon."""
        site = self.get_object(request, object_id) if object_id else None
        endings = key_endings(site, clock.now().date()) if site is not None else []
        context = {**(extra_context or {}), "endings": endings}
        return super().changeform_view(request, object_id, form_url, context)

    def save_model(self, request: HttpRequest, obj: Site, form: Any, change: bool) -> None:
        """Save, and let a worker look whether the site works."""
        super().save_model(request, obj, form, change)
        check_soon(site_id=obj.pk)
        text = _("Next: try the keys and read the groups, under “Connection and groups”.")
        self.message_user(request, text)
