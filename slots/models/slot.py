"""A slot: one licence of a pool, and what became of it."""

from datetime import datetime

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User
from slots.models.pool import LicencePool


class SlotState(models.TextChoices):
    """Where a slot is in its life. Everything but free is used capacity."""

    FREE = "free", _("free")
    GRANTING = "granting", _("being given")
    ACTIVE = "active", _("in use")
    REVOKING = "revoking", _("being taken")


class Opening(models.TextChoices):
    """What Jira itself says about a new holder: whether its pages open by now."""

    UNKNOWN = "", _("not asked")
    ASKED = "asked", _("asked")
    SHUT = "shut", _("not yet")
    OPEN = "open", _("open")


class LossReason(models.TextChoices):
    """Why a holder loses a slot."""

    SWEEP = "sweep", _("inactive")
    RECLAIM = "reclaim", _("inactive, somebody else asked")
    RELEASED = "released", _("handed back")
    UNCLAIMED = "unclaimed", _("not taken up")
    ADMINISTRATOR = "administrator", _("taken back by an administrator")
    LEFT = "left", _("no longer an IUM user")
    REFUSED = "refused", _("Jira refused")


class SlotQuerySet(models.QuerySet["Slot"]):
    """Slots by what can happen to them."""

    def used(self) -> "SlotQuerySet":
        """Return slots that count as used: given, being given or being taken."""
        return self.exclude(state=SlotState.FREE)

    def unfinished(self, at: datetime) -> "SlotQuerySet":
        """Return slots whose change Jira has not confirmed and that may be tried (again) now."""
        return self.filter(
            Q(next_attempt_at=None) | Q(next_attempt_at__lte=at),
            Q(claimed_until=None) | Q(claimed_until__lte=at),
            state__in=[SlotState.GRANTING, SlotState.REVOKING],
        )

    def due(self, at: datetime) -> "SlotQuerySet":
        """Return slots that were warned and whose time is up."""
        return self.filter(state=SlotState.ACTIVE, revoke_at__lte=at)


class Slot(models.Model):
    """One licence of a pool.

    A pool has as many rows as licences to give out; a row has at most one holder, and a holder at most one
    row. That alone bounds what can be in use, whatever the code above does.

    `fence` grows with every change of what is wanted; an answer of Jira is only believed for the fence it was
    asked for. `unsettled_until` is set before a call and cleared by its answer: until then a call that was
    lost may still take effect in Jira, and the slot is not given to anybody else.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.PROTECT, related_name="slots")
    state = models.CharField(_("state"), max_length=16, choices=SlotState, default=SlotState.FREE)
    holder = models.ForeignKey(
        User, on_delete=models.PROTECT, null=True, blank=True, related_name="slots"
    )
    fence = models.PositiveBigIntegerField(default=0)
    return_url = models.TextField(blank=True)

    granted_at = models.DateTimeField(_("given"), null=True)
    confirmed_at = models.DateTimeField(_("in use since"), null=True)
    # A membership takes effect in Jira some time after it was confirmed.
    opening = models.CharField(
        _("Jira lets in"), max_length=8, choices=Opening, blank=True, default="", db_default=""
    )
    # When the queue page or the extension last asked for the slot on the holder's behalf.
    seen_at = models.DateTimeField(_("user last seen"), null=True)
    # Inactivity counts from the last activity or from here, whichever is later.
    clock_from = models.DateTimeField(_("inactivity counts from"), null=True)
    warned_at = models.DateTimeField(_("warned"), null=True)
    revoke_at = models.DateTimeField(_("removal"), null=True, db_index=True)
    loss_reason = models.CharField(
        _("reason"), max_length=16, choices=LossReason, blank=True, default=""
    )
    revoking_since = models.DateTimeField(null=True)
    # What the wait was: to put somebody who was not there back on the old place.
    queue_entry = models.ForeignKey(
        "slots.QueueEntry", on_delete=models.SET_NULL, null=True, related_name="+"
    )

    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(null=True)
    claimed_until = models.DateTimeField(null=True)
    unsettled_until = models.DateTimeField(null=True)
    last_error = models.TextField(_("last error"), blank=True)

    objects = SlotQuerySet.as_manager()

    class Meta:
        verbose_name = _("slot")
        verbose_name_plural = _("slots")
        constraints = [
            models.UniqueConstraint(fields=["pool", "holder"], name="one_slot_per_user_and_pool"),
            models.CheckConstraint(
                condition=Q(state=SlotState.FREE, holder=None)
                | (~Q(state=SlotState.FREE) & Q(holder__isnull=False)),
                name="used_slot_has_holder",
            ),
            models.CheckConstraint(
                condition=Q(warned_at=None, revoke_at=None)
                | Q(state=SlotState.ACTIVE, warned_at__isnull=False, revoke_at__isnull=False),
                name="only_active_slots_are_warned",
            ),
            models.CheckConstraint(
                condition=(Q(state=SlotState.REVOKING) & ~Q(loss_reason=""))
                | (~Q(state=SlotState.REVOKING) & Q(loss_reason="")),
                name="taken_slot_has_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["pool", "state"], name="slot_by_state"),
        ]

    def __str__(self) -> str:
        return f"{self.pool} #{self.pk}"

    @property
    def was_claimed(self) -> bool:
        """Whether the holder was heard of since Jira confirmed the slot."""
        return bool(self.confirmed_at and self.seen_at and self.seen_at >= self.confirmed_at)


class SlotLock(models.Model):
    """That a person cannot get a slot before a time, after losing one to the sweep."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="locks")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    until = models.DateTimeField(_("until"))

    class Meta:
        verbose_name = _("lock")
        verbose_name_plural = _("locks")
        constraints = [models.UniqueConstraint(fields=["pool", "user"], name="one_lock_per_user")]

    def __str__(self) -> str:
        return f"{self.user}: {self.until:%Y-%m-%d %H:%M}"


class SlotSession(models.Model):
    """One finished stay: from getting a slot to Jira's confirmation that it is gone."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="sessions")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="+")
    waited_seconds = models.FloatField(_("waited"))
    granted_at = models.DateTimeField(_("given"))
    confirmed_at = models.DateTimeField(_("in use since"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    loss_reason = models.CharField(_("reason"), max_length=16, choices=LossReason)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")
        indexes = [models.Index(fields=["pool", "-ended_at"], name="session_by_end")]

    def __str__(self) -> str:
        return f"{self.user}, {self.granted_at:%Y-%m-%d %H:%M}"
