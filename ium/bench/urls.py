"""The real addresses, plus the floor: a bare view on the same server that reads and answers the same JSON."""

import json

from django.http import HttpRequest, JsonResponse
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


urlpatterns = [path("bench/floor", floor), *real]
