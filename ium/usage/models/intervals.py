"""How many slots were used: by five minutes, by hours and days, and when IUM could not see it."""

from datetime import timedelta

from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from slots.models import LicencePool

INTERVAL = timedelta(minutes=5)


class IntervalUse(models.Model):
    """Five minutes of a pool, made from the journal when they are over.

    The maxima are the true ones inside the interval, the other numbers those at its end. `seen_seconds` tells how
    much of it IUM could observe; nothing is made up for the rest.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="intervals")
    at = models.DateTimeField(_("begin"), help_text=_("A multiple of five minutes."))
    limit = models.PositiveIntegerField(_("licences to give out"))
    occupied = models.PositiveIntegerField(_("occupied"))
    warned = models.PositiveIntegerField(_("warned"))
    waiting = models.PositiveIntegerField(_("waiting"))
    free = models.PositiveIntegerField(_("free"))
    draining = models.PositiveIntegerField(_("draining"))
    max_occupied = models.PositiveIntegerField(_("most occupied"))
    max_waiting = models.PositiveIntegerField(_("most waiting"))
    full_seconds = models.FloatField(_("seconds without a free slot"))
    seen_seconds = models.FloatField(
        _("seconds observed"), help_text=_("Less than 300: IUM could not see everything.")
    )
    # Slot seconds in the observed time: the mean over it, and sums of several intervals, follow from this.
    occupied_seconds = models.FloatField(_("occupied slots times seconds"), default=0)

    class Meta:
        verbose_name = _("use of five minutes")
        verbose_name_plural = _("use by five minutes")
        constraints = [
            models.UniqueConstraint(fields=["pool", "at"], name="one_interval_use"),
            models.CheckConstraint(
                condition=Q(seen_seconds__gte=0, seen_seconds__lte=300), name="interval_use_seen"
            ),
            models.CheckConstraint(
                condition=Q(max_occupied__gte=F("occupied")), name="interval_use_most_occupied"
            ),
            models.CheckConstraint(
                condition=Q(max_waiting__gte=F("waiting")), name="interval_use_most_waiting"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.at:%Y-%m-%d %H:%M}"


class PeriodKind(models.TextChoices):
    """How long a period is."""

    HOUR = "hour", _("hour")
    DAY = "day", _("day")


class PeriodUse(models.Model):
    """An hour, or a day of the pool's time zone (23 to 25 hours), made from its intervals.

    `imported`: made from imported activity; those who would have held a slot by the pool's rules count as
    occupied, and the limit is 0.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="periods")
    kind = models.CharField(_("period"), max_length=8, choices=PeriodKind)
    at = models.DateTimeField(_("begin"))
    limit_min = models.PositiveIntegerField(_("fewest licences"))
    limit_max = models.PositiveIntegerField(_("most licences"))
    max_occupied = models.PositiveIntegerField(_("most occupied"))
    mean_occupied = models.FloatField(
        _("occupied on average"), help_text=_("Of the time that IUM observed.")
    )
    max_waiting = models.PositiveIntegerField(_("most waiting"))
    full_seconds = models.FloatField(_("seconds without a free slot"))
    seen_seconds = models.FloatField(_("seconds observed"))
    people = models.PositiveIntegerField(
        _("different people"),
        help_text=_(
            "With a slot at any time in it. Not how many slots were needed at the same time."
        ),
    )
    grants = models.PositiveIntegerField(_("slots given"))
    losses = models.PositiveIntegerField(_("slots lost"))
    waits = models.PositiveIntegerField(_("waits ended"))
    waits_given_up = models.PositiveIntegerField(_("of these without a slot"))
    wait_seconds_sum = models.FloatField(_("seconds waited"))
    wait_seconds_max = models.FloatField(_("longest wait in seconds"))
    imported = models.BooleanField(_("imported"), default=False, db_default=False)

    class Meta:
        verbose_name = _("use of an hour or a day")
        verbose_name_plural = _("use by hours and days")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "kind", "at", "imported"], name="one_period_use"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.at:%Y-%m-%d %H:%M} ({self.get_kind_display()})"


class LengthKind(models.TextChoices):
    """What a histogram counts."""

    SESSION = "session", _("stays")
    WAIT = "wait", _("waits")


class Histogram(models.Model):
    """How many stays or waits that ended on a day of the pool were how long.

    `bucket` is the upper limit in seconds; NULL holds those longer than the longest limit.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="histograms")
    day = models.DateField(_("day"))
    kind = models.CharField(_("of"), max_length=8, choices=LengthKind)
    bucket = models.PositiveIntegerField(_("up to (seconds)"), null=True)
    count = models.PositiveIntegerField(_("number"))

    class Meta:
        verbose_name = _("distribution of lengths")
        verbose_name_plural = _("distributions of lengths")
        constraints = [
            models.UniqueConstraint(
                # NULLs are never equal to each other: without this there could be several.
                F("pool"),
                F("day"),
                F("kind"),
                Coalesce("bucket", Value(-1)),
                name="one_histogram_bucket",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.day}, {self.get_kind_display()} ({self.bucket})"


class GapReason(models.TextChoices):
    """Why IUM could not see what happened."""

    NOT_RUNNING = "not_running", _("IUM did not run, or could not receive activity")
    CLOCK = "clock", _("the clock was set back")
    RESTORED = "restored", _("a backup was restored")


class Gap(models.Model):
    """A time that IUM could not observe: of one pool, or of all."""

    pool = models.ForeignKey(
        LicencePool,
        on_delete=models.CASCADE,
        related_name="gaps",
        null=True,
        help_text=_("Empty: all pools."),
    )
    begins_at = models.DateTimeField(_("begin"))
    ends_at = models.DateTimeField(_("end"))
    reason = models.CharField(_("reason"), max_length=16, choices=GapReason)
    # The number of the journal entry behind it, where times before and after it cannot be compared.
    journal_entry = models.BigIntegerField(null=True, editable=False)

    class Meta:
        verbose_name = _("gap")
        verbose_name_plural = _("gaps")
        constraints = [
            models.UniqueConstraint(
                Coalesce("pool", Value(0)), F("begins_at"), F("ends_at"), name="one_gap"
            ),
            models.CheckConstraint(
                condition=Q(begins_at__lte=F("ends_at")), name="gap_ends_after_its_begin"
            ),
        ]
        indexes = [models.Index(fields=["ends_at"], name="gap_by_end")]

    def __str__(self) -> str:
        return f"{self.begins_at:%Y-%m-%d %H:%M} - {self.ends_at:%Y-%m-%d %H:%M}"
