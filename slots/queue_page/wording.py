"""The texts of the page, once for the server and the script: what a state is called, and what one can do in it."""

from typing import Literal, TypedDict

from django.utils.translation import gettext as _

from slots.document import SlotDocument
from slots.models import LicencePool

# How the page sees a state: some reasons make it look different.
View = Literal[
    "none",
    "queued",
    "halted",
    "granting",
    "slow",
    "active",
    "doubtful",
    "warned",
    "revoking",
    "locked",
    "not_managed",
    "off",
]

# Why nothing is given at the moment, through no fault of the queue (slots.document.trouble_of).
HALTS = frozenset({"jira_down", "key_refused", "paused", "pool_off"})


class Wording(TypedDict):
    """One state in words. Braces are filled in by `filled` here and `fill` in the script."""

    title: str
    heading: str
    following: str
    actions: list[str]
    release: str
    open: str


_SPECIAL: dict[tuple[str, str], View] = {
    ("active", "warned"): "warned",
    ("active", "jira_slow"): "doubtful",
    ("granting", "jira_slow"): "slow",
    ("none", "pool_off"): "off",
    ("none", "measuring"): "not_managed",
    **{(state, reason): "halted" for state in ("queued", "granting") for reason in HALTS},
}


def view_of(document: SlotDocument) -> View:
    """Return how the page shows this document."""
    return _SPECIAL.get((document.state, document.reason), document.state)


def special_views() -> dict[str, View]:
    """Return what `view_of` does, for the script: the view by "state:reason"; otherwise the state is the view."""
    return {f"{state}:{reason}": view for (state, reason), view in _SPECIAL.items()}


def filled(text: str, **values: object) -> str:
    """Put values in place of {names}; texts are ours, values are only ever shown escaped."""
    for name, value in values.items():
        text = text.replace(f"{{{name}}}", str(value))
    return text


def wordings(pool: LicencePool) -> dict[View, Wording]:
    """Return the words for every state."""
    return {**_without_slot(), **_waiting(), **_opening(), **_holding(pool)}


def _wording(
    *,
    title: str,
    heading: str,
    following: str,
    actions: list[str],
    release: str = "",
    open: str = "",  # noqa: A002 - named after the action
) -> Wording:
    return Wording(
        title=title,
        heading=heading,
        following=following,
        actions=actions,
        release=release or _("Hand my slot back"),
        open=open or _("Open Jira"),
    )


def _without_slot() -> dict[View, Wording]:
    return {
        "none": _wording(
            title=_("Not connected"),
            heading=_("You are not connected"),
            following=_(
                "Press Reconnect. If a slot is free, you go straight on; if not, you join the queue."
            ),
            actions=["reconnect"],
        ),
        "locked": _wording(
            title=_("Not yet"),
            heading=_("You can get a slot again soon"),
            following=_("This page checks by itself. You can leave it open."),
            actions=[],
        ),
        "not_managed": _wording(
            title=_("No slot needed"),
            heading=_("You need no slot"),
            following=_(
                "Open Jira as usual. If Jira does not let you in, ask your Jira administrator."
            ),
            actions=["open"],
        ),
        "off": _wording(
            title=_("Switched off"),
            heading=_("No slots at the moment"),
            following=_("This page checks by itself whether sharing is on again."),
            actions=[],
        ),
    }


def _waiting() -> dict[View, Wording]:
    return {
        "queued": _wording(
            title=_("({position}) Waiting"),
            heading=_("You are in the queue"),
            following=_(
                "Attempts repeat by themselves until you have a slot. You can leave this page in the background,"
                " reload it, or open it on a second device: it stays the same place."
            ),
            actions=["reconnect", "release"],
            release=_("Leave the queue"),
        ),
        "halted": _wording(
            title=_("Paused"),
            heading=_("The queue stands still for a moment"),
            following=_(
                "You keep your place, and so does everybody else. As soon as it is possible again it goes on by"
                " itself; you can leave this page open."
            ),
            actions=["reconnect", "release"],
            release=_("Leave the queue"),
        ),
        "revoking": _wording(
            title=_("Slot going back"),
            heading=_("Your slot is going back"),
            following=_("Jira confirms it within seconds. Press Reconnect to get a slot again."),
            actions=["reconnect"],
        ),
    }


def _opening() -> dict[View, Wording]:
    return {
        "granting": _wording(
            title=_("Your turn"),
            heading=_("It is your turn"),
            following=_("Jira needs a few seconds to let you in. There is nothing you have to do."),
            actions=["release"],
        ),
        "slow": _wording(
            title=_("Your turn"),
            heading=_("Jira takes its time"),
            following=_(
                "The slot is yours. IUM asks Jira again and takes you there as soon as it opens. You can also try by"
                " yourself: if Jira still refuses, come back here."
            ),
            actions=["open", "release"],
            open=_("Go there now"),
        ),
        "doubtful": _wording(
            title=_("Connected"),
            heading=_("You have a slot, but Jira is slow"),
            following=_(
                "Try the page now. If Jira still refuses, wait a minute and try again, or ask your Jira administrator."
            ),
            actions=["open", "release"],
            open=_("Go there now"),
        ),
    }


def _holding(pool: LicencePool) -> dict[View, Wording]:
    return {
        "active": _wording(
            title=_("Connected"),
            heading=_("You are connected"),
            following=filled(
                _(
                    "Working in Jira keeps it. After {minutes} minutes without activity somebody else may get it."
                    " Hand it back when you are done: somebody may be waiting."
                ),
                minutes=pool.inactivity_minutes,
            ),
            actions=["open", "release"],
        ),
        "warned": _wording(
            title=_("You lose your slot in {time}"),
            heading=_("You are about to lose your slot"),
            following=_(
                "Keep it here, or just go on working in Jira. Otherwise somebody else gets it."
            ),
            actions=["keep", "open", "release"],
        ),
    }


def interface_texts() -> dict[str, str]:
    """Return the other texts the script needs."""
    return {
        **wait_texts(),
        "next_attempt": _("Next automatic attempt in"),
        "next_check": _("Next check in"),
        "unlocked_in": _("You can get a slot again in"),
        "locked": _("You lost your slot to inactivity. You can get one again at {time}."),
        "waited": _("You have waited {time} so far."),
        "waited_less": _("You have waited less than a minute so far."),
        "notify_title": _("It is your turn"),
        "notify_body": _("Your Jira slot is ready. Click here to come back."),
        "notify_denied": _(
            "Your browser does not allow notifications for this page. You can change that in its"
            " settings for this site."
        ),
        "notify_missing": _("This browser knows no notifications."),
        "notify_on": _("You will be notified."),
        "sound_on": _("This is the sound."),
        "sound_missing": _("This browser cannot play the sound."),
        "next_try": _("Trying again in"),
        "slot_lost_in": _("You lose your slot in"),
        "now": _("now"),
        "connection_lost": _("Connection lost, trying again. You keep your place."),
        "connection_back": _("The connection is back."),
        "signed_out": _("You are signed out, or signed in as somebody else."),
        "joined": _("You are in the queue at position {position}. Expected wait: {wait}."),
        "moved": _("You are at position {position} now. Expected wait: {wait}."),
        "next": _("You are next."),
        "turn": _("It is your turn. Jira opens now."),
        "turn_soon": _("It is your turn. Jira opens in a moment."),
        "turn_link": _("It is your turn. Follow the link “Open Jira”."),
        "your_turn": _("Your turn"),
        "warned": _("You are about to lose your slot. Press “Keep my slot” to keep it."),
        "kept": _("You keep your slot."),
    }


def wait_texts() -> dict[str, str]:
    """Return the texts an expected wait is made of."""
    return {
        "wait_unknown": _("not known yet"),
        "wait_up_to": _("up to {high}"),
        "wait_about": _("about {high}"),
        "wait_range": _("{low} to {high}"),
        "wait_range_minutes": _("{low} to {high} min"),
        "minutes": _("{minutes} min"),
        "hours": _("{hours} h {minutes} min"),
    }
