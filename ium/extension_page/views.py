"""The install page, what it asks while it is open, and “do not show again”."""

from typing import Any

from django.conf import settings
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.cache import patch_vary_headers
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from ium.directory.models import ExtensionBrowser, User
from ium.directory.services import extension_notice_set
from ium.extension_page.browsers import browser_of, chosen, link_for
from ium.extension_page.wording import name_of, steps
from ium.lib import clock
from ium.lib.addresses import client_network
from slots.api.problems import problem_json
from slots.api.throttles import seconds_to_wait
from slots.coverage import has_recent_extension
from slots.queue_page.strict import StrictPageMixin

_SHOWN = {"hide": True, "show": False}


class InstallView(StrictPageMixin, View):
    """Explains and links; open to everybody, because whoever sets a browser up may not be signed in yet."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the steps for the browser that asks, or for the one in the address."""
        guess = browser_of(request.headers)
        browser = chosen(request.GET.get("browser", "")) or guess
        response = render(request, "extension/install.html", _page(request, browser, guess))
        patch_vary_headers(response, ("Sec-CH-UA", "User-Agent"))
        return response


class StateView(StrictPageMixin, View):
    """Tells the open page whether IUM has heard of this person's extension."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer for who is signed in; for anybody else only that nobody is."""
        who = getattr(request.user, "pk", None) or client_network(request.META)
        wait = seconds_to_wait("person", f"extension:{who}")
        if wait is not None:
            response = problem_json(429, "throttled", "Ask again later.")
            response["Retry-After"] = str(int(wait) + 1)
            return response
        user = request.user
        person = isinstance(user, User)
        heard = isinstance(user, User) and has_recent_extension(user_id=user.pk, at=clock.now())
        return JsonResponse({"person": person, "signed_in": heard})


class NoticeView(StrictPageMixin, LoginRequiredMixin, View):
    """Remembers for the account whether the queue page recommends the extension."""

    def post(self, request: HttpRequest) -> HttpResponse:
        """Take `action` (hide or show) and go back to `next`, which must be a page of IUM."""
        hidden = _SHOWN.get(request.POST.get("action", ""))
        if hidden is None or not isinstance(request.user, User):
            raise BadRequest("The action must be hide or show.")
        extension_notice_set(user=request.user, hidden=hidden)
        back = request.POST.get("next", "")
        ours = url_has_allowed_host_and_scheme(
            back, allowed_hosts={request.get_host()}, require_https=request.is_secure()
        )
        return redirect(back if ours and back.startswith("/") else reverse("extension"))


def _page(
    request: HttpRequest, browser: ExtensionBrowser, guess: ExtensionBrowser
) -> dict[str, Any]:
    user, link = request.user, link_for(browser)
    return {
        "browser": browser,
        "is_guess": browser == guess,
        "name": name_of(browser),
        "choices": [(one, name_of(one), one == browser) for one in ExtensionBrowser],
        "link": link,
        "steps": steps(browser, has_link=bool(link), server=settings.IUM_URL),
        "signed_in": isinstance(user, User)
        and has_recent_extension(user_id=user.pk, at=clock.now()),
        "hides_notice": isinstance(user, User) and user.hides_extension_notice,
        "state_url": reverse("extension-state"),
    }
