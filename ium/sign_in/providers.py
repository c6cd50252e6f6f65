"""Signing people in at their company's provider or with their Atlassian account; allauth speaks the protocols."""

import logging
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.providers.base import AuthError
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View
from requests import RequestException

from ium.lib.addresses import client_network
from ium.sign_in.allauth_adapters import AtlassianAdapter, OpenIdAdapter, provider_of
from ium.sign_in.identity import Claims, NotLetInError, identity_of, person_of
from slots.api.throttles import seconds_to_wait
from slots.queue_page.strict import StrictPageMixin

log = logging.getLogger(__name__)
BACKEND = "django.contrib.auth.backends.ModelBackend"
# What a provider that does not do as it should makes allauth raise.
TROUBLE = (RequestException, OAuth2Error, KeyError, TypeError, ValueError, AttributeError)


def own_page(request: HttpRequest, wanted: str | None) -> str:
    """Return the wanted address if it is one of IUM's own pages, else that of the queue page."""
    here = {request.get_host()}
    if wanted and url_has_allowed_host_and_scheme(wanted, here, require_https=request.is_secure()):
        return wanted
    return resolve_url(settings.LOGIN_REDIRECT_URL)


class ProviderView(StrictPageMixin, View):
    """What both ways share: not too often, and no fault of the provider's becomes one of IUM's."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Count, go on, and turn what the provider did wrong into a page."""
        if wait := seconds_to_wait("sign_ins", client_network(request.META)):
            return _too_many(request, wait)
        try:
            return super().dispatch(request, *args, **kwargs)
        except ImmediateHttpResponse as answer:
            response: HttpResponse = answer.response
            return response
        except TROUBLE as error:
            return trouble_page(request, None, error)

    def adapter(self, request: HttpRequest, key: str) -> OpenIdAdapter | AtlassianAdapter:
        """Return what speaks with this provider. Raises Http404."""
        if provider_of(key).kind == "atlassian":
            return AtlassianAdapter(request)
        return OpenIdAdapter(request, key)


class StartView(ProviderView):
    """The way to the provider. A link: a form's way out of IUM would be stopped by the page's own policy."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Send the browser to the provider; it remembers state, PKCE's verifier and where to go on."""
        provider_of(key)
        if elsewhere := _other_name(request):
            return redirect(elsewhere)
        wanted = own_page(request, request.GET.get("next"))
        answer: HttpResponse = (
            self.adapter(request, key).get_provider().redirect(request, "login", next_url=wanted)
        )
        return answer


def _other_name(request: HttpRequest) -> str:
    """Return this address under IUM's own name if the browser used another one (localhost for 127.0.0.1), or nothing.

    The provider sends people back to IUM's own name, where the session of another would not be known. Once only: a
    proxy that hides the name must not make a circle.
    """
    if request.get_host() == urlsplit(settings.IUM_URL).netloc or "again" in request.GET:
        return ""
    query = request.GET.copy()
    query["again"] = "1"
    return f"{settings.IUM_URL}{request.path}?{query.urlencode()}"


class CallbackView(ProviderView):
    """The way back from the provider."""

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        """Let allauth check state, code and token; it ends in `welcome` or `trouble_page`."""
        answer: HttpResponse = OAuth2CallbackView.adapter_view(self.adapter(request, key))(request)
        return answer


def welcome(request: HttpRequest, key: str, told: Claims, wanted: str | None) -> HttpResponse:
    """Sign the person in whom the provider's words are about, or say why they cannot be."""
    provider = provider_of(key)
    try:
        user = person_of(provider, identity_of(provider, told))
    except NotLetInError as refusal:
        log.info("Sign-in with %s refused: %s", key, refusal.reason)
        context = {"provider": provider, "reason": refusal.reason, "identity": refusal.identity}
        return render(request, "ium/not_let_in.html", context, status=HTTPStatus.FORBIDDEN)
    login(request, user, backend=BACKEND)
    return redirect(own_page(request, wanted))


def trouble_page(request: HttpRequest, code: Any, error: Exception | None) -> HttpResponse:
    """Say that signing in did not work, and what to do; details go to the log, without codes and tokens."""
    if code == AuthError.CANCELLED:
        return _trouble(request, "cancelled", HTTPStatus.OK)
    if error is None:
        # No state, an old one, that of another browser, or the provider said no.
        return _trouble(request, "lost", HTTPStatus.UNAUTHORIZED)
    if isinstance(error, RequestException):
        log.warning("The sign-in's provider does not answer: %s", type(error).__name__)
        return _trouble(request, "away", HTTPStatus.BAD_GATEWAY)
    unforeseen = not isinstance(error, OAuth2Error)
    log.warning(
        "The sign-in's provider answered wrongly: %s", _told(error), exc_info=unforeseen and error
    )
    return _trouble(request, "wrong", HTTPStatus.BAD_GATEWAY)


def _told(error: Exception) -> str:
    """Return what may be logged: allauth puts the whole answer of the token call into its message."""
    text = str(error) if isinstance(error, OAuth2Error) else type(error).__name__
    return text.partition(":")[0]


def _trouble(request: HttpRequest, what: str, status: int) -> HttpResponse:
    return render(request, "ium/sign_in_trouble.html", {"what": what}, status=status)


def _too_many(request: HttpRequest, wait: float) -> HttpResponse:
    context = {"minutes": int(wait // 60) + 1, "sign_ins": True}
    response = render(request, "429.html", context, status=HTTPStatus.TOO_MANY_REQUESTS)
    response["Retry-After"] = str(int(wait) + 1)
    return response
