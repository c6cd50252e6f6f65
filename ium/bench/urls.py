"""The real addresses, plus two bare views on the same server that read and answer the same JSON.

The floor is answered before any middleware, so it is what Django itself costs; "behind_middleware" stands behind
IUM's, as an ordinary view does.
"""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from ium.urls import urlpatterns as real

ANSWER = {
    "pool": "jira",
    "state": "active",
    "reason": "active",
    "message": "You have a Jira slot.",
    "position": None,
    "waiting": 0,
    "eta_seconds": None,
    "retry_after": 30.0,
    "warned_at": None,
    "revoke_at": None,
    "redirect_url": "https://acme.atlassian.net/browse/DEMO-1",
    "server_time": "2026-01-01T00:00:00Z",
    "automatic": False,
    "joined_at": None,
}


@csrf_exempt
def floor(request: HttpRequest) -> JsonResponse:
    """Read a JSON body and answer a state document that never changes."""
    json.loads(request.body)
    return JsonResponse(ANSWER)


class Floor:
    """Middleware that answers the floor before any other."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        """Take the rest of the chain."""
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer, or go on."""
        return floor(request) if request.path_info == "/bench/floor" else self.get_response(request)


urlpatterns = [path("bench/behind-middleware", floor), *real]
