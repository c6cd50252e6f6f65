"""Journal entries as sentences for people."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext_lazy

from ium.directory.models import User
from ium.lib.spans import span
from slots.models import AlertKind, JournalEntry, LossReason

Naming = Callable[[User], str]

# By event, by "event:reason" where the reason changes the sentence, and by "event!" when somebody did it.
_SENTENCES: dict[str, Promise] = {
    "joined": gettext_lazy("%(user)s joined the queue of %(pool)s."),
    "joined:place_kept": gettext_lazy(
        "%(user)s was not there for the slot and keeps the place in the queue of %(pool)s."
    ),
    "joined:came_back": gettext_lazy(
        "%(user)s came back within the time a place is kept, and keeps the place in the queue of %(pool)s."
    ),
    "joined:ahead": gettext_lazy(
        "%(user)s joined the queue of %(pool)s, up to %(places)s places further ahead through “%(group)s”."
    ),
    "left_queue": gettext_lazy("%(user)s left the queue of %(pool)s after %(waited)s."),
    "left_queue!": gettext_lazy("%(actor)s took %(user)s out of the queue of %(pool)s."),
    "gone": gettext_lazy("%(user)s stopped waiting for %(pool)s."),
    "refused": gettext_lazy("%(user)s cannot get a slot of %(pool)s: %(reason)s."),
    "granted": gettext_lazy("%(user)s was given a slot of %(pool)s after waiting %(waited)s."),
    "granted:reserved": gettext_lazy(
        "%(user)s was given a slot of %(pool)s that is reserved for “%(group)s”, after waiting %(waited)s."
    ),
    "granted:capped": gettext_lazy(
        "%(user)s was given a slot of %(pool)s after waiting %(waited)s. Skipped, because the cap of their group is"
        " reached: %(capped)s."
    ),
    "granted!": gettext_lazy("%(actor)s gave %(user)s a slot of %(pool)s before their turn."),
    "confirmed": gettext_lazy(
        "Jira confirmed the access of %(user)s to %(pool)s, %(seconds)s later."
    ),
    "claimed": gettext_lazy("%(user)s took up the slot of %(pool)s."),
    "warned": gettext_lazy(
        "%(user)s was warned: without activity the slot of %(pool)s goes at %(revoke_at)s."
    ),
    "kept": gettext_lazy("%(user)s became active and keeps the slot of %(pool)s."),
    "revoking": gettext_lazy("The slot of %(user)s in %(pool)s is being taken: %(reason)s."),
    "revoking:released": gettext_lazy("%(user)s handed the slot of %(pool)s back."),
    "revoking!": gettext_lazy("%(actor)s took the slot of %(user)s in %(pool)s back."),
    "freed": gettext_lazy("Jira confirmed that %(user)s is out of %(pool)s, %(seconds)s later."),
    "grant_failed": gettext_lazy("Jira refused to let %(user)s into %(pool)s: %(message)s"),
    "retry:asked": gettext_lazy(
        "%(actor)s let the change of the slot of %(user)s in %(pool)s be tried at once."
    ),
    "retry": gettext_lazy("The call to Jira for %(user)s in %(pool)s is repeated: %(message)s"),
    "clocks_reset": gettext_lazy("Inactivity in %(pool)s counts anew (holders: %(holders)s)."),
    "clocks_reset:gap": gettext_lazy(
        "Inactivity in %(pool)s counts anew (holders: %(holders)s): for %(gap)s IUM could not see activity."
    ),
    "clocks_reset:jira_away": gettext_lazy(
        "Inactivity in %(pool)s counts anew (holders: %(holders)s): Jira could not be used for %(gap)s."
    ),
    "clocks_reset:restored": gettext_lazy(
        "Inactivity in %(pool)s counts anew (holders: %(holders)s): IUM was restored from a backup."
    ),
    "clocks_reset:database_restarted": gettext_lazy(
        "Inactivity in %(pool)s counts anew (holders: %(holders)s): the database was started again."
    ),
    "clocks_reset!": gettext_lazy(
        "%(actor)s let inactivity in %(pool)s count anew (holders: %(holders)s)."
    ),
    "limit_changed": ngettext_lazy(
        "%(pool)s gives out %(limit)s slot from now on.",
        "%(pool)s gives out %(limit)s slots from now on.",
        "limit",
    ),
    "limit_changed!": ngettext_lazy(
        "%(actor)s set %(pool)s to %(limit)s slot.",
        "%(actor)s set %(pool)s to %(limit)s slots.",
        "limit",
    ),
    "rules_changed": gettext_lazy("The rules for groups in %(pool)s changed: %(rules)s."),
    "rules_changed!": gettext_lazy(
        "%(actor)s changed the rules for groups in %(pool)s: %(rules)s."
    ),
    "measuring:began": gettext_lazy("%(pool)s only measures from now on."),
    "measuring:began!": gettext_lazy("%(actor)s let %(pool)s only measure from now on."),
    "measuring:ended": gettext_lazy("%(pool)s gives out slots again: measuring has ended."),
    "measuring:ended!": gettext_lazy("%(actor)s ended the measuring of %(pool)s."),
    "moved:to_end": gettext_lazy("%(user)s was put at the end of the queue of %(pool)s."),
    "moved": gettext_lazy("%(user)s was put first in the queue of %(pool)s."),
    "moved:to_end!": gettext_lazy("%(actor)s put %(user)s at the end of the queue of %(pool)s."),
    "moved!": gettext_lazy("%(actor)s put %(user)s first in the queue of %(pool)s."),
    "repaired:missing": gettext_lazy(
        "%(user)s holds a slot of %(pool)s but was missing in Jira's access group, and is put back."
    ),
    "repaired:adopted": gettext_lazy(
        "%(user)s was in Jira's access group of %(pool)s without a slot, and got one."
    ),
    "repaired:not_in_jira": gettext_lazy(
        "%(user)s held a slot of %(pool)s in the restored database, but is not in Jira's access group any more."
        " The slot is free."
    ),
    "repaired:compared": gettext_lazy(
        "The slots of %(pool)s were compared with Jira. Slots are given again."
    ),
    "stranger": gettext_lazy(
        "%(user)s is in the access group of %(pool)s, but IUM did not put them there. Nothing was changed."
    ),
    "paused": gettext_lazy("Giving slots of %(pool)s pauses: %(message)s"),
    "wait_long": gettext_lazy(
        "People wait long for %(pool)s: the longest %(waited)s. People waiting: %(waiting)s."
    ),
    "wait_over": gettext_lazy("Nobody waits long for %(pool)s any more; it lasted %(seconds)s."),
    "site_down": gettext_lazy("Jira cannot be used for %(pool)s: %(message)s"),
    "site_up": gettext_lazy("Jira works again for %(pool)s."),
    "glass_on:started": gettext_lazy(
        "%(actor)s broke the glass: everybody gets access to %(pool)s through “%(group)s”."
    ),
    "glass_on:given": ngettext_lazy(
        "%(people)s person has access to %(pool)s through “%(group)s” (break glass).",
        "%(people)s people have access to %(pool)s through “%(group)s” (break glass).",
        "people",
    ),
    "glass_off:taking": ngettext_lazy(
        "%(actor)s ends break glass: %(people)s person is taken out of “%(group)s”.",
        "%(actor)s ends break glass: %(people)s people are taken out of “%(group)s”.",
        "people",
    ),
    "glass_off:ended": gettext_lazy("Break glass of %(pool)s has ended."),
    "alert_on": gettext_lazy("Alert for %(pool)s: %(reason)s."),
    "alert_off": gettext_lazy("Alert for %(pool)s is over after %(seconds)s: %(reason)s."),
    "names_shown": gettext_lazy("%(actor)s asked for names instead of pseudonyms (%(reason)s)."),
    "data_exported": gettext_lazy("%(actor)s exported everything that IUM stores of %(user)s."),
    "person_erased": gettext_lazy("The data of %(user)s were deleted: %(reason)s."),
    "person_erased!": gettext_lazy("%(actor)s deleted the data of %(user)s."),
}
_REASONS: dict[str, Promise] = {
    "administrator": gettext_lazy("Jira administrators are never touched"),
    "account_not_active": gettext_lazy("the Atlassian account is not active"),
    "not_in_user_group": gettext_lazy("not in the user group"),
    "pool_off": gettext_lazy("the pool is switched off"),
    "locked": gettext_lazy("locked after losing a slot to inactivity"),
    "refused": gettext_lazy("no IUM user any more"),
    "pages": gettext_lazy("on pages"),
    "journal_csv": gettext_lazy("in an export of the journal"),
    "sessions_csv": gettext_lazy("in an export of sessions"),
    "extension_csv": gettext_lazy("in an export about the extension"),
    "account_closed": gettext_lazy("the Atlassian account is closed"),
}


class _UnknownNumber(int):
    """A number that an entry does not tell; its sentence still has a plural."""

    def __str__(self) -> str:
        return "\N{EN DASH}"


_UNKNOWN = {"limit": _UnknownNumber(), "people": _UnknownNumber()}


class _Words(dict[str, Any]):
    """What a sentence is about; a dash for what an entry does not tell."""

    def __missing__(self, key: str) -> str:
        return "\N{EN DASH}"


def sentence(entry: JournalEntry, named: Naming = str) -> str:
    """Return the entry as a sentence. Pool, user and actor should be loaded with it.

    `named` says what people are called. Whoever acts upon somebody else answers for it and always has their name.
    """
    template = _template(entry)
    if template is None:
        parts = [
            entry.get_event_display(),
            named(entry.user) if entry.user is not None else "",
            str(entry.pool or ""),
            entry.reason,
        ]
        text = ", ".join(part for part in parts if part)
    else:
        text = str(template % _words(entry, named))
    return text if named is str else _without_ids(text, entry.user, named)


def actor_name(entry: JournalEntry, named: Naming = str) -> str:
    """Return who did it; IUM itself when nobody asked."""
    if entry.actor is None:
        return "IUM"
    return named(entry.actor) if entry.actor_id == entry.user_id else str(entry.actor)


def _without_ids(text: str, user: User | None, named: Naming) -> str:
    """Take the person's account id and address out of what Jira said."""
    for told in (user.account_id, user.email) if user is not None else ():
        text = text.replace(told, named(user)) if told and user is not None else text
    return text


def _template(entry: JournalEntry) -> Promise | None:
    """Return the most special sentence there is for the entry."""
    keys = [f"{entry.event}:{entry.reason}", entry.event]
    if entry.actor_id is not None and entry.actor_id != entry.user_id:
        keys = [f"{entry.event}:{entry.reason}!", f"{entry.event}!", *keys]
    return next((_SENTENCES[key] for key in keys if key in _SENTENCES), None)


def _words(entry: JournalEntry, named: Naming) -> _Words:
    details = entry.details
    return _Words(
        _UNKNOWN | details,
        user=named(entry.user) if entry.user is not None else _("Somebody"),
        actor=actor_name(entry, named),
        pool=entry.pool or _("all pools"),
        reason=_reason(entry),
        waited=span(details.get("waited_seconds", 0)),
        seconds=span(details.get("seconds", 0)),
        gap=span(details.get("gap_seconds", 0)),
        revoke_at=_clock(details.get("revoke_at")),
    )


def _reason(entry: JournalEntry) -> str:
    if entry.event == "revoking" and entry.reason in LossReason.values:
        return str(LossReason(entry.reason).label)
    if entry.event in {"alert_on", "alert_off"} and entry.reason in AlertKind.values:
        return AlertKind(entry.reason).headline
    return str(_REASONS.get(entry.reason, entry.reason))


def refusal_reason(code: str) -> str:
    """Return why somebody cannot get a slot, in words; a code nobody gave words to as it is."""
    return str(_REASONS.get(code, code))


def _clock(moment: str | None) -> str:
    return (
        date_format(localtime(datetime.fromisoformat(moment)), "H:i") if moment else "\N{EN DASH}"
    )
