"""The page of a site's webhook: state, what to enter in Jira, and the secret once."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.cache import add_never_cache_headers
from django.utils.decorators import method_decorator
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from ium.directory.models import Site
from ium.lib import clock
from ium.lib.admin import action
from ium.lib.spans import relative
from jira_sync.admin.pages import PagesMixin, require
from jira_sync.webhooks.models import SiteWebhook
from jira_sync.webhooks.services import webhook_remove, webhook_renew


class WebhookPagesMixin(PagesMixin):
    """Adds the page of the webhook to a site's admin."""

    def pages(self) -> list[tuple[str, Any, str]]:
        """Return the page and its two buttons, after those that are there already."""
        return [
            *super().pages(),
            ("<int:pk>/webhook/", self.webhook_page, "jira_sync_webhook"),
            ("<int:pk>/webhook/renew/", self.webhook_renew, "jira_sync_webhook_renew"),
            ("<int:pk>/webhook/remove/", self.webhook_remove, "jira_sync_webhook_remove"),
        ]

    @action(
        description=gettext_lazy("Webhook"),
        url_path="webhook-page",
        icon="webhook",
        permissions=["change"],
    )
    def open_webhook(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Go to the page of the webhook."""
        return HttpResponseRedirect(reverse("admin:jira_sync_webhook", args=[object_id]))

    def webhook_page(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Show the webhook, without its secret."""
        return self._webhook(request, self._site_of_webhook(request, pk), "")

    @method_decorator(require_POST)
    def webhook_renew(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Make a secret and show it, this once."""
        site = self._site_of_webhook(request, pk)
        _webhook, secret = webhook_renew(site_id=site.pk, at=clock.now())
        self.log_change(request, site, [{"changed": {"name": "webhook", "object": str(site)}}])
        return self._webhook(request, site, secret)

    @method_decorator(require_POST)
    def webhook_remove(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take the webhook away."""
        site = self._site_of_webhook(request, pk)
        if webhook_remove(site_id=site.pk):
            self.log_change(request, site, [{"deleted": {"name": "webhook", "object": str(site)}}])
            self.message_user(request, _("The webhook was removed. Delete it in Jira too."))
        return HttpResponseRedirect(reverse("admin:jira_sync_webhook", args=[pk]))

    def _site_of_webhook(self, request: HttpRequest, pk: int) -> Site:
        site = get_object_or_404(Site, pk=pk)
        require(self.has_change_permission(request, site))
        return site

    def _webhook(self, request: HttpRequest, site: Site, secret: str) -> HttpResponse:
        webhook = SiteWebhook.objects.filter(site=site).first()
        at = clock.now()
        address = reverse("jira-webhook", args=[webhook.key]) if webhook else ""
        context = {
            "site": site,
            "webhook": webhook,
            "secret": secret,
            "address": settings.IUM_URL + address,
            "heard": relative(webhook.heard_at, at) if webhook else "",
            "refused": relative(webhook.refused_at, at) if webhook else "",
        }
        title = _("Webhook of %(site)s") % {"site": site}
        response: HttpResponse = self.show(request, "webhook.html", title, **context)
        add_never_cache_headers(response)
        return response
