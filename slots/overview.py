"""Numbers for people: how pools stand. Every read has a fixed number of queries, however many pools there are."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypedDict

from django.db import models
from django.db.models import Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from activity.models import LastActivity
from activity.services import intake_is_trusted
from ium.lib.spans import relative, span
from slots.models import LicencePool, QueueEntry, Slot, SlotState
from slots.models.queue import RANK
from slots.services.losses import next_sweep

if TYPE_CHECKING:
    from django_stubs_ext import WithAnnotations


class PoolState(models.TextChoices):
    """How a pool works at the moment, the most important thing first."""

    OFF = "off", gettext_lazy("off")
    DOWN = "down", gettext_lazy("Jira down")
    MEASURING = "measuring", gettext_lazy("measuring")
    PAUSED = "paused", gettext_lazy("paused")
    DRY_RUN = "dry_run", gettext_lazy("dry run")
    ON = "on", gettext_lazy("on")


class PoolCounts(TypedDict):
    """What `with_numbers` adds to a pool."""

    slots_free: int
    slots_granting: int
    slots_active: int
    slots_revoking: int
    slots_warned: int
    people_waiting: int
    people_silent: int
    waiting_since: datetime | None


def with_numbers(
    pools: QuerySet[LicencePool], at: datetime
) -> "QuerySet[WithAnnotations[LicencePool, PoolCounts]]":
    """Annotate pools with the numbers of their slots and their queue."""
    slots, waiting = Slot.objects.all(), QueueEntry.objects.waiting()
    oldest = waiting.filter(pool=OuterRef("pk"), alive_until__gte=at).order_by("joined_at")
    return pools.annotate(
        slots_free=_count(slots.filter(state=SlotState.FREE)),
        slots_granting=_count(slots.filter(state=SlotState.GRANTING)),
        slots_active=_count(slots.filter(state=SlotState.ACTIVE)),
        slots_revoking=_count(slots.filter(state=SlotState.REVOKING)),
        slots_warned=_count(slots.filter(state=SlotState.ACTIVE, warned_at__isnull=False)),
        people_waiting=_count(waiting.filter(alive_until__gte=at)),
        people_silent=_count(waiting.filter(alive_until__lt=at)),
        waiting_since=Subquery(oldest.values("joined_at")[:1]),
    )


def _count(rows: "QuerySet[Any]") -> Coalesce:
    """Count the rows that belong to the pool of the outer query."""
    own = rows.filter(pool=OuterRef("pk")).order_by().values("pool")
    number = own.annotate(number=Count("pk")).values("number")
    return Coalesce(Subquery(number, output_field=IntegerField()), 0)


@dataclass(frozen=True)
class PoolNumbers:
    """One pool's numbers, ready to be shown."""

    pool: LicencePool
    state: PoolState
    limit: int
    free: int
    granting: int
    active: int
    revoking: int
    warned: int
    waiting: int
    silent: int
    waiting_since: datetime | None
    sweep_at: datetime

    @property
    def used(self) -> int:
        """Slots that count as used: given, being given, being taken."""
        return self.granting + self.active + self.revoking

    @property
    def draining(self) -> int:
        """Slots above the limit; they go as they become free."""
        return max(0, self.used + self.free - self.limit)


def numbers_of(pool: "WithAnnotations[LicencePool, PoolCounts]", at: datetime) -> PoolNumbers:
    """Return the numbers of a pool that `with_numbers` annotated. Its site must be loaded too."""
    return PoolNumbers(
        pool=pool,
        state=state_of(pool, at),
        limit=pool.slot_count,
        free=pool.slots_free,
        granting=pool.slots_granting,
        active=pool.slots_active,
        revoking=pool.slots_revoking,
        warned=pool.slots_warned,
        waiting=pool.people_waiting,
        silent=pool.people_silent,
        waiting_since=pool.waiting_since,
        sweep_at=sweep_after(pool, at),
    )


def state_of(pool: LicencePool, at: datetime) -> PoolState:
    """Return how the pool works at the moment."""
    if not pool.enabled:
        return PoolState.OFF
    if pool.site.is_down:
        return PoolState.DOWN
    if pool.measuring:
        return PoolState.MEASURING
    if pool.is_paused(at):
        return PoolState.PAUSED
    return PoolState.DRY_RUN if pool.dry_run else PoolState.ON


def sweep_after(pool: LicencePool, at: datetime) -> datetime:
    """Return the pool's next sweep, whether or not there is still time to warn somebody for it."""
    return next_sweep(pool, at - pool.warning)


def why_nothing_is_taken(pool: LicencePool, at: datetime) -> str:
    """Return why no sweep takes anything now, in a sentence; empty when sweeps work."""
    if not pool.enabled:
        return _("The pool is switched off: nobody gets a slot, nobody loses one.")
    if pool.measuring:
        return _("The pool only measures: nobody gets a slot, nobody loses one.")
    if pool.site.is_down:
        return _("Jira cannot be used at the moment: holders keep what they have.")
    if not intake_is_trusted(at=at):
        return _(
            "IUM cannot be sure that it sees activity at the moment: nobody loses a slot because of missing data."
        )
    return ""


def with_idle_since(slots: QuerySet[Slot]) -> QuerySet[Slot]:
    """Annotate slots of any pools with `idle_since`: the last activity, or when the clock last started."""
    latest = LastActivity.objects.filter(
        user=OuterRef("holder"), site=OuterRef("pool__site"), product=OuterRef("pool__product")
    ).values("last_active_at")[:1]
    return slots.annotate(
        idle_since=Greatest(F("clock_from"), Coalesce(Subquery(latest), F("clock_from")))
    )


def with_people_ahead(entries: QuerySet[QueueEntry], at: datetime) -> QuerySet[QueueEntry]:
    """Annotate queue entries with `ahead`: how many people who are there stand before each."""
    alive = QueueEntry.objects.filter(
        pool=OuterRef("pool"), closed_at=None, alive_until__gte=at
    ).order_by()
    same = Q(priority=OuterRef("priority"))
    before = alive.alias(ranked=RANK).filter(
        Q(priority__gt=OuterRef("priority"))
        | same & Q(ranked__lt=OuterRef("ranked"))
        | same & Q(ranked=OuterRef("ranked"), seq__gt=OuterRef("seq"))
    )
    number = before.values("pool").annotate(number=Count("pk")).values("number")
    return entries.alias(ranked=RANK).annotate(
        ahead=Coalesce(Subquery(number, output_field=IntegerField()), 0)
    )


def pool_card(numbers: PoolNumbers, at: datetime) -> dict[str, Any]:
    """Return what templates show of a pool: its numbers, with times in words."""
    since = numbers.waiting_since
    return {
        "numbers": numbers,
        "longest_wait": span((at - since).total_seconds()) if since is not None else None,
        "sweep": relative(numbers.sweep_at, at),
    }
