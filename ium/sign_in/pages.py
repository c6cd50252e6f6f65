"""The sign-in page: the configured providers, and a local account for the first administrator."""

from typing import Any

from django.conf import settings
from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse

from ium.sign_in.providers import own_page
from slots.queue_page.strict import POLICY, StrictPageMixin


class SignInView(StrictPageMixin, LoginView):
    """Links to the providers, and a form for local accounts."""

    template_name = "ium/sign_in.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Let the form's way end at the extension, if the extension wants to sign in.

        Browsers hold the whole way of a form, redirects included, against the page's policy.
        """
        response = super().dispatch(request, *args, **kwargs)
        if self.get_redirect_url().startswith(reverse("extension-authorize")):
            ends = " ".join(["form-action 'self'", *settings.IUM_EXTENSION_REDIRECTS])
            response["Content-Security-Policy"] = POLICY.replace("form-action 'self'", ends)
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the providers, and where to go on."""
        context = super().get_context_data(**kwargs)
        wanted = own_page(self.request, self.get_redirect_url())
        return context | {"providers": settings.IUM_SIGN_IN, "wanted": wanted}


class SignOutView(LogoutView):
    """Ends the session."""

    next_page = "sign-in"
