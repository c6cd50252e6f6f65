"""The queue page. Works by plain forms; the script only saves people the clicking."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.staticfiles.storage import staticfiles_storage
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
from slots.coverage import has_recent_extension
from slots.document import SlotDocument, slot_document
from slots.models import LicencePool
from slots.queue_page.asked import Asked, asked_for
from slots.queue_page.look import Look, look_of
from slots.queue_page.machines import answer_json, sign_in_json, wants_json
from slots.queue_page.strict import StrictPageMixin
from slots.queue_page.waits import progress_of, wait_in_words, waited_in_words
from slots.queue_page.wording import (
    filled,
    interface_texts,
    special_views,
    view_of,
    wordings,
)

# What the browser's tab shows of a state: a picture each, the product's own for all others.
FAVICONS = {
    "queued": "waiting",
    "halted": "waiting",
    "granting": "turn",
    "slow": "turn",
    "active": "connected",
    "doubtful": "connected",
    "warned": "warned",
}


class QueueView(StrictPageMixin, LoginRequiredMixin, View):
    """State, Reconnect, timer, and the way back to Jira."""

    def get(self, request: HttpRequest) -> HttpResponse:
        """Show the person's state; asks for nothing."""
        try:
            asked = asked_for(request)
        except NotFound as error:
            return _no_pool(request, error)
        document = slot_document(user=_person(request), pool=asked.pool, at=clock.now())
        if wants_json(request):
            return answer_json(document)
        return render(request, "slots/queue.html", _page(_person(request), asked, document))

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

    def handle_no_permission(self) -> Any:
        """Lead to the sign-in; tell programs so in their language."""
        return sign_in_json() if wants_json(self.request) else super().handle_no_permission()


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


def _wants_extension_notice(user: User, pool: LicencePool) -> bool:
    """Tell whether to recommend the extension: not to who has it, or wants to hear no more of it."""
    if not pool.extension_check or user.hides_extension_notice:
        return False
    return not has_recent_extension(user_id=user.pk, at=clock.now())


def _page(user: User, asked: Asked, document: SlotDocument) -> dict[str, Any]:
    """Return what the template shows; the script gets the same texts and the same document."""
    view, words = view_of(document), wordings(asked.pool)
    look, icons = look_of(asked.pool), _icons()
    open_url = document.redirect_url or document.wanted_url or asked.return_url
    open_url = open_url or asked.pool.site.url
    return {
        "look": look,
        "icon": icons.get(view, icons["none"]),
        "pool": asked.pool,
        "problem": asked.problem,
        "document": document,
        "view": view,
        "words": words[view],
        "title": filled(words[view]["title"], position=document.position or "", time="…"),
        "waits": document.state in {"queued", "granting"},
        "has_place": document.state == "queued",
        "wait": wait_in_words(document.eta_seconds),
        "waited": waited_in_words(document),
        "progress": progress_of(document),
        "open_url": open_url,
        "extension_notice": _wants_extension_notice(user, asked.pool),
        "config": {
            "document": SlotDocumentSerializer(asdict(document)).data,
            "pool": asked.pool.key,
            "return_url": asked.return_url,
            "open_url": open_url,
            "slot_api": reverse("api-slot"),
            "activity_api": reverse("api-activity"),
            "states": words,
            "views": special_views(),
            "icons": icons,
            "product": _product(look),
            "texts": interface_texts(),
        },
    }


def _icons() -> dict[str, str]:
    """Return the addresses of the pictures in the browser's tab, by view; "none" for every other."""
    icons = {view: f"ium/state/{name}.svg" for view, name in FAVICONS.items()}
    icons["none"] = "ium/icon.svg"
    return {view: staticfiles_storage.url(path) for view, path in icons.items()}


def _product(look: Look) -> str:
    """Return what the browser's tab calls the page after its state."""
    return look.title or "IUM"
