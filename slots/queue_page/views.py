"""The queue page. Works by plain forms; the script only saves people the clicking."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.generic import View

from activity.models import Source
from ium.directory.models import User
from ium.lib import clock
from ium.lib.errors import NotEntitled, NotFound, Refused
from slots import services
from slots.api.serializers import SlotDocumentSerializer
from slots.document import SlotDocument, slot_document
from slots.queue_page.asked import Asked, asked_for
from slots.queue_page.strict import StrictPageMixin
from slots.queue_page.waits import wait_in_words
from slots.queue_page.wording import filled, interface_texts, view_of, wordings


class QueueView(StrictPageMixin, LoginRequiredMixin, View):
    """State, Reconnect, timer, and the way back to Jira."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the person's state; asks for nothing."""
        try:
            asked = asked_for(request)
        except NotFound as error:
            return _no_pool(request, error)
        document = slot_document(user=_person(request), pool=asked.pool, at=clock.now())
        return render(request, "slots/queue.html", _page(asked, document))

    def post(self, request: HttpRequest) -> HttpResponse:
        """Do what a button asks for, then show the state again."""
        try:
            asked = asked_for(request)
            action = _ACTIONS.get(request.POST.get("action", ""))
            if action is None:
                raise BadRequest("The action must be reconnect, release or keep.")
            with suppress(NotEntitled):  # a state, not an error: the page says why
                action(_person(request), asked, clock.now())
        except NotFound as error:
            return _no_pool(request, error)
        except Refused as error:
            messages.error(request, str(error.message))
        return redirect(request.get_full_path())


def _person(request: HttpRequest) -> User:
    """Return who is signed in: only ever from the session (promise 9)."""
    assert isinstance(request.user, User)  # noqa: S101 - LoginRequiredMixin
    return request.user


def _no_pool(request: HttpRequest, error: NotFound) -> HttpResponse:
    context = {"message": error.message, "asked_for_pool": bool(request.GET.get("pool"))}
    return render(request, "slots/no_pool.html", context, status=error.status)


def _reconnect(user: User, asked: Asked, at: datetime) -> None:
    services.slot_request(user=user, pool=asked.pool, return_url=asked.return_url, at=at)


def _release(user: User, asked: Asked, at: datetime) -> None:
    services.slot_release(user=user, pool=asked.pool, at=at)


def _keep(user: User, asked: Asked, at: datetime) -> None:
    services.slot_activity(
        user=user, pool=asked.pool, idle=timedelta(0), source=Source.QUEUE_PAGE, at=at
    )


_ACTIONS: dict[str, Callable[[User, Asked, datetime], None]] = {
    "reconnect": _reconnect,
    "release": _release,
    "keep": _keep,
}


def _page(asked: Asked, document: SlotDocument) -> dict[str, Any]:
    """Return what the template shows; the script gets the same texts and the same document."""
    view, words = view_of(document), wordings(asked.pool)
    open_url = document.redirect_url or asked.return_url or asked.pool.site.url
    return {
        "pool": asked.pool,
        "problem": asked.problem,
        "document": document,
        "view": view,
        "words": words[view],
        "title": filled(words[view]["title"], position=document.position or "", time="…"),
        "wait": wait_in_words(document.eta_seconds),
        "open_url": open_url,
        # Where the extension can be had; without it the notice stays without a link.
        "extension_url": getattr(settings, "IUM_EXTENSION_URL", ""),
        "config": {
            "document": SlotDocumentSerializer(asdict(document)).data,
            "pool": asked.pool.key,
            "return_url": asked.return_url,
            "open_url": open_url,
            "slot_api": reverse("api-slot"),
            "activity_api": reverse("api-activity"),
            "states": words,
            "texts": interface_texts(),
        },
    }
