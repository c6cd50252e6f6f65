"""What the pages here have in common: addresses of their own, refusals as messages, findings that go with their row."""

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path

from ium.lib.admin import ModelAdmin
from ium.lib.errors import Refused
from jira_sync.client.errors import JiraError
from jira_sync.models import BreakGlass, Finding, SyncRun, SyncSettings
from jira_sync.webhooks.models import SiteWebhook, WebhookEvent

View = Callable[..., HttpResponse]
# Rows that say something about a site or a pool and go with it; nobody deletes them by hand.
NOTES = (Finding, SiteWebhook, SyncRun, SyncSettings, WebhookEvent)


class PagesMixin(ModelAdmin):
    """A model's admin with more pages than Django's."""

    class Media:
        css = {"all": ["ium/admin.css"]}

    def pages(self) -> list[tuple[str, View, str]]:
        """Return (route, view, name) of every page."""
        return []

    def get_urls(self) -> list[URLPattern]:
        """Put them before Django's, which would take their addresses for a row's."""
        own = [
            path(route, self.admin_site.admin_view(view), name=name)
            for route, view, name in self.pages()
        ]
        return [*own, *super().get_urls()]

    def show(
        self, request: HttpRequest, template: str, title: str, **context: Any
    ) -> TemplateResponse:
        """Return a page in the admin's frame."""
        # Without `opts`: with it the header would show the model's name instead of the title.
        frame = {**self.admin_site.each_context(request), "title": title}
        return TemplateResponse(request, f"admin/jira_sync/{template}", {**frame, **context})

    def attempt(self, request: HttpRequest, step: Callable[[], str]) -> bool:
        """Do something and say what it answered, also when it refused. Returns whether it worked."""
        try:
            text = step()
        except (Refused, JiraError) as refusal:
            self.message_user(request, str(refusal.message), messages.ERROR)
            return False
        self.message_user(request, text, messages.SUCCESS)
        return True


class NotesGoTooMixin(ModelAdmin):
    """Findings and the sync log do not keep a site or a pool from being deleted."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """Ask for no right to delete what only describes the row."""
        rows, counts, needed, protected = super().get_deleted_objects(objs, request)
        names = {model._meta.verbose_name for model in NOTES}
        return rows, counts, needed - names, protected


def require(allowed: bool) -> None:
    """Raise PermissionDenied unless it is allowed."""
    if not allowed:
        raise PermissionDenied


def may_break_glass(request: HttpRequest) -> bool:
    """Tell whether the person may give everybody access at once."""
    return request.user.has_perm(f"jira_sync.change_{BreakGlass._meta.model_name}")
