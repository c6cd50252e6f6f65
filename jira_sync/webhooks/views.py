"""Where Jira delivers its events. Answers fast; what Jira must not repeat gets a 4xx that it does not repeat.

Jira repeats on 408, 409, 425, 429 and 5xx (jira-api.md, section 6): so "busy" is 503, a wrong signature 403.
"""

from django.core.exceptions import RequestDataTooBig
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from ium.lib import clock
from ium.lib.addresses import client_network
from ium.lib.errors import NotFound, Refused
from jira_sync.webhooks.models import SiteWebhook
from jira_sync.webhooks.services import NotSigned, webhook_receive
from jira_sync.webhooks.signature import HEADER
from slots.api.problems import problem_json
from slots.api.throttles import seconds_to_wait


@csrf_exempt
@require_POST
def receive(request: HttpRequest, key: str) -> HttpResponse:
    """Take an event of the site whose key is in the address: no sign-in, the signature says who sent it."""
    try:
        return _taken(request, key) or HttpResponse(status=204)
    except Refused as error:
        if isinstance(error, NotSigned | NotFound) and (wait := _count_wrong(request)):
            return _later(wait)
        return problem_json(error.status, error.code, str(error.message))
    except (RequestDataTooBig, UnreadablePostError):
        return problem_json(413, "too_large", "The event is too large, or did not come whole.")
    except OperationalError:
        return problem_json(503, "busy", "IUM is busy. Send it again.")


def _taken(request: HttpRequest, key: str) -> HttpResponse | None:
    """Take the event; return an answer only when there are too many. Raises Refused."""
    webhook = SiteWebhook.objects.select_related("site").filter(key=key).first()
    if webhook is None:
        raise NotFound("There is no such webhook.", code="unknown_webhook")
    if wait := seconds_to_wait("webhooks", str(webhook.pk)):
        return _later(wait)
    signature = request.headers.get(HEADER)
    webhook_receive(webhook=webhook, body=request.body, signature=signature, at=clock.now())
    return None


def _count_wrong(request: HttpRequest) -> float | None:
    """Count a wrong address or signature; a right one from the same network is never refused for it."""
    return seconds_to_wait("wrong_webhooks", client_network(request.META))


def _later(wait: float) -> HttpResponse:
    response = problem_json(429, "throttled", "Too many events. Send it again later.")
    response["Retry-After"] = str(int(wait) + 1)
    return response
