"""What browsers may do on IUM's own pages: nothing but what these pages need."""

from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils.cache import add_never_cache_headers
from django.views.generic import View

# No inline script and no inline style, no picture from elsewhere. Forms go to IUM only: the way to Jira is
# a link or the script's, because a browser would also apply this to Jira's own redirects to its sign-in.
POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)


class StrictPageMixin(View):
    """A page with a strict content security policy that no cache keeps. Comes first among the bases."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Add the headers to whatever the view answers, redirects included."""
        response = super().dispatch(request, *args, **kwargs)
        response["Content-Security-Policy"] = POLICY
        add_never_cache_headers(response)
        return response
