"""Callers that are no browsers and ask for the page: an answer they understand, never HTML."""

import math
from dataclasses import asdict

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _

from slots.api.problems import problem_json
from slots.api.serializers import SlotDocumentSerializer
from slots.document import SlotDocument


def wants_json(request: HttpRequest) -> bool:
    """Whether JSON is asked for, anywhere in the list of what is accepted, and no page."""
    accepted = request.headers.get("Accept", "").lower()
    return "application/json" in accepted and "text/html" not in accepted


def answer_json(document: SlotDocument) -> HttpResponse:
    """Answer with the state document: 200 with a slot, 429 and the time to come back while there is none."""
    has_slot = document.redirect_url is not None or document.state == "not_managed"
    response = JsonResponse(
        SlotDocumentSerializer(asdict(document)).data, status=200 if has_slot else 429
    )
    if not has_slot:
        response["Retry-After"] = str(math.ceil(document.retry_after))
    return response


def sign_in_json() -> HttpResponse:
    """Answer somebody who is not signed in."""
    return problem_json(401, "not_authenticated", _("Sign in first."))
