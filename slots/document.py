"""The state document: the one answer of all slot calls."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from django.conf import settings
from django.utils.translation import gettext as _

from ium.directory.models import ConnectionState, User
from slots.eta import Timetable
from slots.eta_facts import steady_range, timetable_of
from slots.models import (
    CloseReason,
    FirstAttempt,
    LicencePool,
    LossReason,
    Opening,
    QueueEntry,
    Slot,
    SlotSession,
    SlotState,
)
from slots.place import Place, place_of, plain_place
from slots.selectors import lock_until, locked_message, measuring_message, why_not_managed
from slots.services.losses import next_sweep
from slots.snapshot import Held, PoolSnapshot, Waiting

State = Literal["none", "queued", "granting", "active", "revoking", "locked", "not_managed"]

# Seconds until the client should ask again.
POLL_HEAD, POLL_MOST = 3.0, 60.0
POLL_HEADS = 2
POLL_GRANTING = 1.5
POLL_SLOW = 4.0
POLL_ACTIVE = 30.0
POLL_NONE = 30.0
# Seconds before its popup at which a client learns of a warning: spread, so that not all ask at once.
TOLD_AHEAD = (4.0, 16.0)
POLL_DOWN = 15.0
JITTER = 0.2
# So long after a loss or a refusal the state "none" says what happened.
RECENT = timedelta(hours=12)
# Since Jira confirmed a membership: without any answer whether its pages open the pool's delay decides after...
UNHEARD = timedelta(seconds=5)
# ...people are told that Jira is slow after...
SLOW = timedelta(seconds=10)
# ...nobody is kept waiting for Jira's yes longer than...
PATIENCE = timedelta(seconds=60)
# ...and after this the last "not yet" (nobody asks any more) says nothing.
DOUBT = timedelta(minutes=5)


@dataclass(frozen=True)
class SlotDocument:
    """One person's state in one pool; times timezone-aware, waits in seconds. See docs/api for each field."""

    pool: str | None
    state: State
    reason: str
    message: str
    position: int | None
    waiting: int
    eta_seconds: tuple[int, int] | None
    retry_after: float
    warned_at: datetime | None
    revoke_at: datetime | None
    redirect_url: str | None
    server_time: datetime
    automatic: bool
    joined_at: datetime | None
    locked_until: datetime | None
    wanted_url: str | None = None


def slot_document(*, user: User, pool: LicencePool, at: datetime) -> SlotDocument:
    """Return the person's state in the pool. Asks for nothing and changes nothing."""
    return _measuring(pool, at) if pool.measuring else _document(user, pool, at)


def _document(user: User, pool: LicencePool, at: datetime) -> SlotDocument:
    blank = _blank(pool, pool.entries.alive(at).count(), at)
    slot = Slot.objects.filter(pool=pool, holder=user).first()
    if slot is not None and slot.state in {SlotState.GRANTING, SlotState.ACTIVE}:
        return _held(blank, slot, pool, at)
    entry = pool.entries.waiting().filter(user=user).first()
    refusal = why_not_managed(user=user, pool=pool)
    if refusal is not None:
        return replace(blank, state="not_managed", reason=refusal.code, message=refusal.message)
    if until := lock_until(user=user, pool=pool, at=at):
        wait = min(POLL_MOST, max(POLL_HEAD, (until - at).total_seconds()))
        return replace(
            blank,
            state="locked",
            reason="locked",
            message=locked_message(until, at),
            retry_after=wait,
            locked_until=until,
        )
    if entry is not None:
        return _queued(
            blank,
            entry,
            pool,
            at,
            place=place_of(entry, pool, at),
            timetable=timetable_of(pool, at),
        )
    if slot is not None:
        return _revoking(blank, slot, pool)
    return _none(blank, user, pool, at)


def remembered_document(*, seen: PoolSnapshot, user_id: int, at: datetime) -> SlotDocument | None:
    """Return the same from what this process remembers, for who plainly holds or waits; None for everybody else."""
    pool, held = seen.pool, seen.held_by(user_id)
    if pool.measuring:
        return _measuring(pool, at)
    blank = _blank(pool, len(seen.orders), at)
    if held is not None and held.state in {SlotState.GRANTING, SlotState.ACTIVE}:
        return _held(blank, held, pool, at)
    entry = seen.wait_of(user_id)
    if entry is None or not entry.is_managed or user_id in seen.locked or pool.has_group_rules:
        return None
    place = plain_place(seen.ahead_of(entry))
    return _queued(blank, entry, pool, at, place=place, timetable=seen.timetable)


def asked_document(
    *, seen: PoolSnapshot, slot: Slot | None, entry: QueueEntry | None, at: datetime
) -> SlotDocument | None:
    """Return the state of somebody who asked just now, from what came of it; None when it must be looked up.

    The place counts those who joined since the snapshot: numbers are given in order.
    """
    pool = seen.pool
    if slot is not None and slot.state in {SlotState.GRANTING, SlotState.ACTIVE}:
        return _held(_blank(pool, len(seen.orders), at), slot, pool, at)
    if entry is None or entry.priority or pool.has_group_rules:
        return None
    ahead = seen.ahead_of(entry) + max(0, entry.seq - pool.next_seq)
    blank = _blank(pool, max(len(seen.orders), ahead + 1), at)
    place = plain_place(ahead)
    return _queued(blank, entry, pool, at, place=place, timetable=seen.timetable)


def _blank(pool: LicencePool, waiting: int, at: datetime) -> SlotDocument:
    return SlotDocument(
        pool=pool.key,
        state="none",
        reason="no_slot",
        message="",
        position=None,
        waiting=waiting,
        eta_seconds=None,
        retry_after=POLL_NONE,
        warned_at=None,
        revoke_at=None,
        redirect_url=None,
        server_time=at,
        automatic=pool.first_attempt == FirstAttempt.AUTOMATIC,
        joined_at=None,
        locked_until=None,
    )


def _measuring(pool: LicencePool, at: datetime) -> SlotDocument:
    """Nobody needs a slot: the pool only measures."""
    return replace(
        _blank(pool, 0, at),
        reason="measuring",
        message=measuring_message(pool),
        retry_after=_jitter(POLL_MOST),
        automatic=False,
    )


def _held(blank: SlotDocument, slot: Slot | Held, pool: LicencePool, at: datetime) -> SlotDocument:
    blank = replace(blank, wanted_url=slot.return_url or pool.site.url)
    if slot.state == SlotState.GRANTING or slot.confirmed_at is None:
        return _granting(blank, slot, pool, at)
    if at < slot.confirmed_at + _shut_for(slot, pool):
        return _opening(blank, slot.confirmed_at, at)
    warned = slot.warned_at is not None
    if not warned and slot.opening == Opening.SHUT and at < slot.confirmed_at + DOUBT:
        return _doubtful(blank)
    return replace(
        blank,
        state="active",
        reason="warned" if warned else "active",
        message=_("You lose your Jira slot unless you go on working.")
        if warned
        else _("You have a Jira slot."),
        retry_after=POLL_HEAD if warned else _until_news(pool, at),
        warned_at=slot.warned_at,
        revoke_at=slot.revoke_at,
        redirect_url=slot.return_url or pool.site.url,
    )


def _until_news(pool: LicencePool, at: datetime) -> float:
    """Return seconds until a holder asks again: the usual, but in time for the coming sweep's warning.

    Warnings are written from 30 s before the popup is due on, by a job that runs every 10 s.
    """
    usual = _jitter(POLL_ACTIVE)
    ahead = random.uniform(*TOLD_AHEAD)  # noqa: S311 - no secret
    wait = (next_sweep(pool, at) - pool.warning - at).total_seconds() - ahead
    return round(wait, 1) if 1 < wait < usual else usual


def _shut_for(slot: Slot | Held, pool: LicencePool) -> timedelta:
    """Return for how long after Jira's confirmation its pages do not open, as far as IUM knows by now."""
    if slot.opening == Opening.SHUT:
        return PATIENCE
    if slot.opening == Opening.ASKED:
        return max(pool.access_delay, UNHEARD)
    return pool.access_delay


def _opening(blank: SlotDocument, confirmed_at: datetime, at: datetime) -> SlotDocument:
    """Jira gave the licence and does not let the person in yet."""
    if at < confirmed_at + SLOW:
        return replace(
            blank,
            state="granting",
            reason="opening",
            message=_("Jira has your licence and opens in a moment."),
            retry_after=_jitter(POLL_GRANTING),
        )
    return replace(
        blank,
        state="granting",
        reason="jira_slow",
        message=_("Jira has your licence, but needs longer than usual to let you in."),
        retry_after=_jitter(POLL_SLOW),
    )


def _doubtful(blank: SlotDocument) -> SlotDocument:
    """The slot is there, but Jira never said that it lets the person in: no way back that would surely work."""
    return replace(
        blank,
        state="active",
        reason="jira_slow",
        message=_("You have a Jira slot, but Jira has not said yet that it lets you in."),
        retry_after=_jitter(POLL_ACTIVE),
    )


def _granting(
    blank: SlotDocument, slot: Slot | Held, pool: LicencePool, at: datetime
) -> SlotDocument:
    reason, message = "granting", _("It is your turn. Jira is opening for you.")
    delay = POLL_GRANTING
    if slot.state == SlotState.GRANTING and (trouble := trouble_of(pool, at)):
        reason, message = trouble
        delay = POLL_DOWN
    return replace(
        blank, state="granting", reason=reason, message=message, retry_after=_jitter(delay)
    )


def _queued(
    blank: SlotDocument,
    entry: QueueEntry | Waiting,
    pool: LicencePool,
    at: datetime,
    *,
    place: Place,
    timetable: Timetable | None,
) -> SlotDocument:
    ahead = place.ahead
    wait = timetable.wait(ahead) if timetable is not None and place.predictable else None
    eta = steady_range(entry.pk, wait) if wait is not None else None
    trouble = trouble_of(pool, at)
    reason, message = trouble or (place.reason, place.message)
    return replace(
        blank,
        state="queued",
        reason=reason,
        message=message,
        position=ahead + 1,
        waiting=max(blank.waiting, ahead + 1),
        eta_seconds=None if trouble else eta,
        retry_after=POLL_DOWN
        if trouble
        else _poll_delay(pool, ahead, eta, heads=_heads(timetable)),
        wanted_url=entry.return_url or pool.site.url,
        automatic=True,
        joined_at=entry.joined_at,
    )


def _heads(timetable: Timetable | None) -> int:
    """Return how many people at the front ask every 3 seconds: twice as many as may get a slot within a minute."""
    if timetable is None:
        return POLL_HEADS
    return max(POLL_HEADS, round(2 * timetable.freed_within(60)))


def _poll_delay(pool: LicencePool, ahead: int, eta: tuple[int, int] | None, *, heads: int) -> float:
    """Return seconds until the next attempt: short near the head, never above the pool's queue timer.

    Never more than a minute either, so that nobody falls silent by doing as told.
    """
    longest = min(POLL_MOST, float(pool.queue_timer_seconds))
    if fixed := settings.IUM_QUEUE_POLL_SECONDS:  # switched off: everybody asks at one pace
        return min(longest, _jitter(fixed, up=JITTER))
    if ahead < heads:
        return _jitter(min(POLL_HEAD, longest))
    wanted = eta[0] / 10 if eta is not None else longest
    return min(longest, _jitter(max(POLL_HEAD, wanted), up=JITTER))


def _jitter(seconds: float, *, up: float = 0) -> float:
    """Spread clients so that they do not all ask at once."""
    return round(seconds * random.uniform(1 - JITTER, 1 + up), 1)  # noqa: S311 - no secret


def trouble_of(pool: LicencePool, at: datetime) -> tuple[str, str] | None:
    """Return (code, sentence) when nothing is given at the moment through no fault of the queue."""
    if pool.site.connection_state == ConnectionState.REFUSED:
        return "key_refused", _("Jira refuses IUM's key. Your administrator has been told.")
    if pool.site.is_down:
        return "jira_down", _("Jira cannot be reached. You keep your place; it goes on by itself.")
    if pool.is_paused(at):
        return "paused", pool.paused_message
    if not pool.enabled:
        return "pool_off", _("Sharing is switched off for %(pool)s.") % {"pool": pool}
    return None


def _revoking(blank: SlotDocument, slot: Slot, pool: LicencePool) -> SlotDocument:
    return replace(
        blank,
        state="revoking",
        reason=slot.loss_reason,
        message=loss_message(slot.loss_reason),
        retry_after=_jitter(POLL_HEAD),
        automatic=_comes_back(pool, slot.loss_reason),
    )


def _none(blank: SlotDocument, user: User, pool: LicencePool, at: datetime) -> SlotDocument:
    if not pool.enabled:
        code, message = "pool_off", _("Sharing is switched off for %(pool)s.") % {"pool": pool}
        return replace(blank, reason=code, message=message, automatic=False)
    wait = QueueEntry.objects.filter(pool=pool, user=user).order_by("-seq").first()
    if wait is not None and wait.close_reason == CloseReason.REFUSED and _recent(wait, at):
        message = _("Jira did not let you in. Your administrator can see the reason.")
        return replace(blank, reason="jira_refused", message=message, automatic=False)
    last = SlotSession.objects.filter(pool=pool, user=user).order_by("-ended_at").first()
    if outcome := _outcome_of(wait, last, pool, at):
        reason, message = outcome
        return replace(blank, reason=reason, message=message, automatic=False)
    if last is None or last.ended_at < at - RECENT:
        return replace(blank, message=_("You have no Jira slot."))
    return replace(
        blank,
        reason=last.loss_reason,
        message=loss_message(last.loss_reason),
        automatic=_comes_back(pool, last.loss_reason),
    )


def _outcome_of(
    wait: QueueEntry | None, last: SlotSession | None, pool: LicencePool, at: datetime
) -> tuple[str, str] | None:
    """Return (code, sentence) when the newest thing is a wait that ended without a slot."""
    if wait is None or wait.closed_at is None or not _recent(wait, at):
        return None
    if last is not None and last.ended_at >= wait.closed_at:
        return None
    if wait.close_reason == CloseReason.LEFT and at <= wait.closed_at + pool.place_kept:
        return "left_queue", _("You left the queue. Press Reconnect soon to get your place back.")
    return {
        CloseReason.LEFT: ("left_queue", _("You left the queue.")),
        CloseReason.REMOVED: ("removed", _("You were taken out of the queue.")),
        CloseReason.GONE: ("gone", _("You were not there for a while, so your wait ended.")),
    }.get(CloseReason(wait.close_reason))


def _recent(entry: QueueEntry, at: datetime) -> bool:
    return entry.closed_at is not None and entry.closed_at > at - RECENT


def _comes_back(pool: LicencePool, loss_reason: str) -> bool:
    """Whether attempts start by themselves after this loss: never after somebody ended the stay on purpose."""
    if loss_reason in {LossReason.RELEASED, LossReason.ADMINISTRATOR}:
        return False
    if pool.first_attempt == FirstAttempt.AUTOMATIC:
        return True
    return pool.automatic_login and loss_reason in {LossReason.SWEEP, LossReason.RECLAIM}


def loss_message(reason: str) -> str:
    """Return the sentence that tells a user why the slot is gone."""
    return {
        LossReason.SWEEP: _("You were inactive, so somebody else can work now."),
        LossReason.RECLAIM: _("You were inactive and somebody else needed the slot."),
        LossReason.RELEASED: _("You handed your slot back. Thank you."),
        LossReason.UNCLAIMED: _("The slot was free for you, but you were not there."),
        LossReason.ADMINISTRATOR: _("An administrator took the slot back."),
        LossReason.LEFT: _("You are no longer in the group of people who share licences."),
        LossReason.REFUSED: _("Jira did not let you in. Your administrator can see the reason."),
    }[LossReason(reason)]
