"""The journal: why everything happened."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User
from slots.models.pool import LicencePool


class Event(models.TextChoices):
    """What can happen."""

    JOINED = "joined", _("joined the queue")
    LEFT_QUEUE = "left_queue", _("left the queue")
    GONE = "gone", _("stopped waiting")
    REFUSED = "refused", _("request refused")
    GRANTED = "granted", _("slot given")
    CONFIRMED = "confirmed", _("Jira confirmed the access")
    CLAIMED = "claimed", _("taken up")
    WARNED = "warned", _("warned")
    KEPT = "kept", _("kept the slot")
    REVOKING = "revoking", _("slot taken")
    FREED = "freed", _("Jira confirmed the removal")
    GRANT_FAILED = "grant_failed", _("Jira refused the access")
    RETRY = "retry", _("Jira call will be repeated")
    CLOCKS_RESET = "clocks_reset", _("inactivity counts anew")
    LIMIT_CHANGED = "limit_changed", _("licences changed")
    RULES_CHANGED = "rules_changed", _("rules for groups changed")
    MOVED = "moved", _("moved in the queue")
    REPAIRED = "repaired", _("difference to Jira repaired")
    STRANGER = "stranger", _("unknown member reported")
    PAUSED = "paused", _("giving slots paused")
    MEASURING = "measuring", _("measuring mode")
    WAIT_LONG = "wait_long", _("people wait too long")
    WAIT_OVER = "wait_over", _("nobody waits too long any more")
    SITE_DOWN = "site_down", _("Jira not usable")
    SITE_UP = "site_up", _("Jira usable again")
    GLASS_ON = "glass_on", _("break glass: access for everybody")
    GLASS_OFF = "glass_off", _("break glass: access taken back")
    ALERT_ON = "alert_on", _("alert")
    ALERT_OFF = "alert_off", _("alert is over")
    NAMES_SHOWN = "names_shown", _("names shown")
    DATA_EXPORTED = "data_exported", _("data of a person exported")
    PERSON_ERASED = "person_erased", _("data of a person deleted")


class JournalEntry(models.Model):
    """One thing that happened, with its reason and who did it. Never changed afterwards (a trigger sees to it)."""

    at = models.DateTimeField(_("time"), db_index=True)
    pool = models.ForeignKey(
        LicencePool, on_delete=models.PROTECT, related_name="journal", null=True
    )
    event = models.CharField(_("event"), max_length=16, choices=Event)
    user = models.ForeignKey(
        User, on_delete=models.PROTECT, related_name="+", null=True, verbose_name=_("user")
    )
    slot_id = models.BigIntegerField(_("slot"), null=True)
    fence = models.BigIntegerField(null=True)
    reason = models.CharField(_("reason"), max_length=32, blank=True)
    actor = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        verbose_name=_("done by"),
        help_text=_("Empty: IUM itself."),
    )
    details = models.JSONField(_("details"), default=dict, blank=True)

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal")
        indexes = [
            models.Index(fields=["pool", "-at"], name="journal_by_pool"),
            models.Index(fields=["user", "-at"], name="journal_by_user"),
            # To follow a slot from one holder to the next.
            models.Index(fields=["slot_id", "fence"], name="journal_by_slot"),
        ]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.event}"


class JobRun(models.Model):
    """The last run of a periodic job: one row per job."""

    name = models.CharField(_("job"), max_length=64, unique=True)
    started_at = models.DateTimeField(_("last start"), null=True)
    finished_at = models.DateTimeField(_("last success"), null=True)
    changed = models.PositiveIntegerField(_("changes in the last run"), default=0)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    # Ever, for Prometheus: rates come from numbers that only grow.
    runs_total = models.PositiveBigIntegerField(_("runs"), default=0, db_default=0)
    failures_total = models.PositiveBigIntegerField(_("failed runs"), default=0, db_default=0)
    seconds_total = models.FloatField(_("seconds worked"), default=0, db_default=0)
    error = models.TextField(_("last error"), blank=True)
    # The last runs, newest first, of a bounded number: {"at", "seconds", "changed", "error"}.
    recent = models.JSONField(null=True, editable=False)

    class Meta:
        verbose_name = _("job")
        verbose_name_plural = _("jobs")

    def __str__(self) -> str:
        return self.name
