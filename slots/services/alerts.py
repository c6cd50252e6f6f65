"""Alerts: whether what a rule asks about is so, and telling it once when it begins and once when it is over.

Between the value that begins an episode and the one that ends it is a gap, so that a number that goes to and fro makes
one message and not many. In quiet hours nothing begins and nothing ends.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from ium.directory.models import Site
from ium.lib.errors import Refused
from slots.coverage import coverage
from slots.models import (
    AlertKind,
    AlertRule,
    Event,
    JobRun,
    LicencePool,
    NoticeKind,
    SlotState,
)
from slots.services.journal import journal_write
from slots.services.notices import notice_write

# Coverage has to rise by so many percent above the limit until its alert is over.
COVERAGE_GAP = 5
# Of fewer active people a percentage says nothing.
FEWEST_PEOPLE = 5
# A state that was not looked at for so long may have been another meanwhile: it counts anew.
UNSEEN = timedelta(minutes=5)
# What is read less often than every run: it costs more and changes slowly.
PAUSES = {AlertKind.COVERAGE: timedelta(hours=1), AlertKind.FORECAST: timedelta(minutes=10)}


@dataclass(frozen=True)
class Reading:
    """What a rule found: whether an episode begins now or ends now (neither: it stays as it is), and the facts."""

    begins: bool = False
    ends: bool = False
    facts: dict[str, Any] = field(default_factory=dict)


Measure = Callable[[AlertRule, datetime], Reading]


def alert_watch(*, pool_id: int, at: datetime, more: dict[AlertKind, Measure] | None = None) -> int:
    """Look at every rule of a pool that is due; return how many episodes began or ended.

    `more` has the measures of kinds that need what this layer does not know.
    """
    measures = _MEASURES | (more or {})
    rules = AlertRule.objects.filter(pool=pool_id).select_related("pool__site")
    keys = ("pool__site__org_key", "pool__site__second_org_key", "pool__site__api_token")
    return sum(
        _watch(rule, measures[AlertKind(rule.kind)], at)
        for rule in rules.defer(*keys).order_by("pk")
        if rule.kind in measures
    )


@transaction.atomic
def _watch(rule: AlertRule, measure: Measure, at: datetime) -> bool:
    if not rule.enabled:
        AlertRule.objects.filter(pk=rule.pk).update(since=None, state=None, state_since=None)
        return False
    pause = PAUSES.get(AlertKind(rule.kind), timedelta(0))
    if rule.checked_at is not None and rule.checked_at <= at < rule.checked_at + pause:
        return False
    reading = measure(rule, at)
    AlertRule.objects.filter(pk=rule.pk).update(checked_at=at)
    if is_quiet(rule, at):
        return False
    if rule.since is None:
        return reading.begins and _begin(rule, reading, at)
    return reading.ends and _end(rule, at)


def is_quiet(rule: AlertRule, at: datetime) -> bool:
    """Tell whether the rule is silent at this moment, by the clock of this installation."""
    start, end = rule.quiet_from, rule.quiet_until
    if start is None or end is None:
        return False
    now = localtime(at).time()
    return start <= now < end if start < end else now >= start or now < end


def _begin(rule: AlertRule, reading: Reading, at: datetime) -> bool:
    # By a condition on the row: of two runs at once one tells it.
    if not AlertRule.objects.filter(pk=rule.pk, since=None).update(since=at):
        return False
    journal_write(
        event=Event.ALERT_ON,
        at=at,
        pool=rule.pool,
        reason=rule.kind,
        threshold=rule.threshold,
        **reading.facts,
    )
    details = {"alert": rule.kind, "threshold": rule.threshold, **reading.facts}
    notice_write(pool=rule.pool, kind=NoticeKind.ALERT, at=at, details=details)
    return True


def _end(rule: AlertRule, at: datetime) -> bool:
    if not AlertRule.objects.filter(pk=rule.pk, since=rule.since).update(since=None):
        return False
    lasted = round((at - (rule.since or at)).total_seconds())
    journal_write(event=Event.ALERT_OFF, at=at, pool=rule.pool, reason=rule.kind, seconds=lasted)
    details = {"alert": rule.kind, "threshold": rule.threshold, "lasted_seconds": lasted}
    notice_write(pool=rule.pool, kind=NoticeKind.ALERT_OVER, at=at, details=details)
    return True


@transaction.atomic
def alert_test(*, pool_id: int, at: datetime) -> int:
    """Send a test message on every channel of the pool; return how many. Raises Refused when it has none."""
    pool = LicencePool.objects.select_related("site").get(pk=pool_id)
    written = notice_write(pool=pool, kind=NoticeKind.TEST, at=at, details={})
    if not written:
        raise Refused(
            _(
                "Nobody would get a message: enter e-mail addresses at the site of %(pool)s, or a webhook in its"
                " configuration."
            )
            % {"pool": pool},
            code="no_channel",
        )
    return written


def _full(rule: AlertRule, at: datetime) -> Reading:
    """No slot was free for so many minutes; over when some were free for as long."""
    pool = rule.pool
    is_full = pool.slot_count > 0 and not pool.slots.filter(state=SlotState.FREE).exists()
    unseen = rule.checked_at is None or at - rule.checked_at > UNSEEN
    if rule.state is not is_full or rule.state_since is None or unseen:
        rule.state, rule.state_since = is_full, at
        AlertRule.objects.filter(pk=rule.pk).update(state=is_full, state_since=at)
    lasted = at - rule.state_since
    if lasted < timedelta(minutes=rule.threshold):
        return Reading()
    waiting = pool.entries.alive(at).count()
    facts = {
        "full_seconds": round(lasted.total_seconds()),
        "limit": pool.slot_count,
        "waiting": waiting,
    }
    return Reading(begins=is_full, ends=not is_full, facts=facts)


def _coverage(rule: AlertRule, at: datetime) -> Reading:
    found = coverage(at, pool=rule.pool)
    percent = found.percent
    if percent is None or found.active < FEWEST_PEOPLE:
        return Reading()
    facts = {
        "active": found.active,
        "with_extension": found.with_extension,
        "percent": percent,
    }
    enough = min(100, rule.threshold + COVERAGE_GAP)
    return Reading(begins=percent < rule.threshold, ends=percent >= enough, facts=facts)


def _key(rule: AlertRule, at: datetime) -> Reading:
    site = Site.objects.filter(pk=rule.pool.site_id)
    [dates] = site.values_list("org_key_expires_on", "api_token_expires_on")
    known: list[date] = [day for day in dates if day is not None]
    if not known:
        return Reading(ends=True)
    left = (min(known) - localtime(at).date()).days
    facts = {"days_left": left, "ends_on": min(known).isoformat()}
    return Reading(begins=left <= rule.threshold, ends=left > rule.threshold, facts=facts)


def _jira(rule: AlertRule, at: datetime) -> Reading:
    site = rule.pool.site
    if not site.is_down:
        return Reading(ends=True)
    lasted = at - (site.connection_changed_at or at)
    facts = {
        "down_seconds": round(lasted.total_seconds()),
        "message": site.connection_message,
    }
    return Reading(begins=lasted >= timedelta(minutes=rule.threshold), facts=facts)


def _sweep(rule: AlertRule, at: datetime) -> Reading:
    last = JobRun.objects.filter(name="sweep").values_list("finished_at", flat=True).first()
    if last is None:
        return Reading()
    age = at - last
    late = age >= timedelta(minutes=rule.threshold)
    return Reading(begins=late, ends=not late, facts={"age_seconds": round(age.total_seconds())})


_MEASURES: dict[AlertKind, Measure] = {
    AlertKind.FULL: _full,
    AlertKind.COVERAGE: _coverage,
    AlertKind.KEY: _key,
    AlertKind.JIRA: _jira,
    AlertKind.SWEEP: _sweep,
}
