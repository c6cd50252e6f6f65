"""User sync, configuration check and break glass: what was wanted, what came of it, row by row.

Every row is written before the call it stands for, so that a run survives any restart and goes on.
"""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from ium.directory.models import Group, Site, User
from jira_sync.webhooks import models as webhooks  # noqa: F401 - Django looks for tables here
from slots.models import LicencePool


class SyncSettings(models.Model):
    """How a pool's IUM users are found: the members of its source groups, less those filtered out."""

    pool = models.OneToOneField(LicencePool, on_delete=models.CASCADE, related_name="sync")
    source_groups = models.ManyToManyField(
        Group,
        related_name="+",
        blank=True,
        verbose_name=_("source groups"),
        help_text=_(
            "Ordinary Jira groups, without product access, whose members become IUM users."
        ),
    )
    enabled = models.BooleanField(
        _("run on an interval"),
        default=False,
        help_text=_("Off: only “run now”. Switch it on when a dry run looked right."),
    )
    interval_minutes = models.PositiveIntegerField(
        _("interval (minutes)"),
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(7 * 24 * 60)],
    )
    maximum_users = models.PositiveIntegerField(
        _("IUM users at most"),
        null=True,
        blank=True,
        help_text=_(
            "A run that would pass this number adds no more: “Only partial synchronization”."
        ),
    )
    largest_loss_percent = models.PositiveIntegerField(
        _("safety stop (percent)"),
        default=20,
        validators=[MaxValueValidator(100)],
        help_text=_(
            "A run that would remove more than this share of the IUM users stops and asks."
        ),
    )
    next_run_at = models.DateTimeField(_("next run"), null=True, editable=False)

    class Meta:
        verbose_name = _("user sync")
        verbose_name_plural = _("user sync")

    def __str__(self) -> str:
        return str(self.pool)


class RunState(models.TextChoices):
    """Where a run of the user sync is."""

    PLANNING = "planning", _("reading groups")
    PLANNED = "planned", _("dry run, nothing changed")
    APPLYING = "applying", _("changing the user group")
    DONE = "done", _("done")
    PARTIAL = "partial", _("only partial synchronization")
    STOPPED = "stopped", _("stopped for safety")
    FAILED = "failed", _("failed")


OPEN_RUNS = (RunState.PLANNING, RunState.APPLYING)


class SyncRun(models.Model):
    """One run of the user sync: what it found and what it did."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="sync_runs")
    state = models.CharField(_("state"), max_length=16, choices=RunState, default=RunState.PLANNING)
    dry_run = models.BooleanField(_("dry run"), default=False)
    reset = models.BooleanField(_("reset"), default=False)
    # An administrator saw whom the run removes and said yes: the safety stop does not apply.
    loss_allowed = models.BooleanField(default=False)
    started_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("started by")
    )
    started_at = models.DateTimeField(_("started"))
    finished_at = models.DateTimeField(_("finished"), null=True)
    # A worker at it; runs out, so that another goes on after a crash.
    claimed_until = models.DateTimeField(null=True)
    looked_at = models.PositiveIntegerField(_("people looked at"), default=0)
    calls = models.PositiveIntegerField(_("calls to Jira"), default=0)
    message = models.TextField(_("message"), blank=True)

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync log")
        ordering = ["-started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["pool"], condition=Q(state__in=OPEN_RUNS), name="one_open_run_per_pool"
            )
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.started_at:%Y-%m-%d %H:%M}"


class EntryAction(models.TextChoices):
    """What a run does with a person: the four columns of the log."""

    ADD = "add", _("added")
    FILTERED = "filtered", _("filtered out")
    REMOVE = "remove", _("removed (left the source groups)")
    REMOVE_FILTERED = "remove_filtered", _("removed by filter")


class EntryState(models.TextChoices):
    """What became of it."""

    PLANNED = "planned", _("planned")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    SKIPPED = "skipped", _("left out")


class SyncEntry(models.Model):
    """One person in a run: only those whom the run changes or filters out."""

    run = models.ForeignKey(SyncRun, on_delete=models.CASCADE, related_name="entries")
    account_id = models.CharField(_("account id"), max_length=128)
    name = models.CharField(_("name"), max_length=255, blank=True)
    action = models.CharField(_("action"), max_length=16, choices=EntryAction)
    state = models.CharField(
        _("state"), max_length=16, choices=EntryState, default=EntryState.PLANNED
    )
    reason = models.CharField(_("reason"), max_length=32)
    details = models.TextField(_("details"), blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)

    class Meta:
        verbose_name = _("person in a run")
        verbose_name_plural = _("people in runs")
        constraints = [
            models.UniqueConstraint(fields=["run", "account_id"], name="person_once_per_run")
        ]
        indexes = [models.Index(fields=["run", "state"], name="sync_entry_by_state")]

    def __str__(self) -> str:
        return f"{self.name}: {self.action}"


class Severity(models.TextChoices):
    """How bad a finding is."""

    ERROR = "error", _("error")
    WARNING = "warning", _("warning")
    NOTICE = "notice", _("notice")


class FindingQuerySet(models.QuerySet["Finding"]):
    """Findings by whether they last."""

    def current(self) -> "FindingQuerySet":
        """Return findings that the last check still saw."""
        return self.filter(ended_at=None)


class Finding(models.Model):
    """Something that is wrong with the configuration: what, why it matters, how to mend it."""

    code = models.CharField(_("code"), max_length=48)
    severity = models.CharField(_("severity"), max_length=16, choices=Severity)
    site = models.ForeignKey(Site, on_delete=models.CASCADE, null=True, related_name="findings")
    pool = models.ForeignKey(
        LicencePool, on_delete=models.CASCADE, null=True, related_name="findings"
    )
    # Tells two findings with the same code apart: a group id, an account id, a job's name.
    subject = models.CharField(_("about"), max_length=150, blank=True)
    what = models.TextField(_("what"))
    why = models.TextField(_("why it matters"))
    fix = models.TextField(_("how to mend it"))
    first_seen_at = models.DateTimeField(_("first seen"))
    last_seen_at = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("over since"), null=True)
    mailed_at = models.DateTimeField(_("last mailed"), null=True)
    end_mailed_at = models.DateTimeField(null=True)

    objects = FindingQuerySet.as_manager()

    class Meta:
        verbose_name = _("finding")
        verbose_name_plural = _("configuration check")
        constraints = [
            # Missing site or pool counts as one value: on SQLite two NULLs would never be equal.
            models.UniqueConstraint(
                "code",
                Coalesce("site", 0),
                Coalesce("pool", 0),
                "subject",
                condition=Q(ended_at=None),
                name="finding_open_once",
            )
        ]

    def __str__(self) -> str:
        return self.what


class GlassState(models.TextChoices):
    """Where a break-glass action is."""

    GIVING = "giving", _("giving everybody access")
    GIVEN = "given", _("everybody has access")
    TAKING = "taking", _("taking the access back")
    ENDED = "ended", _("ended")


class BreakGlass(models.Model):
    """Everybody gets access through a chosen group, whatever the licences cost, until it is taken back."""

    pool = models.ForeignKey(LicencePool, on_delete=models.PROTECT, related_name="glass")
    group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("group"),
        help_text=_("Gives product access; not the access group of a pool."),
    )
    state = models.CharField(
        _("state"), max_length=16, choices=GlassState, default=GlassState.GIVING
    )
    started_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(_("started"))
    ended_at = models.DateTimeField(_("ended"), null=True)
    claimed_until = models.DateTimeField(null=True)
    message = models.TextField(blank=True)

    class Meta:
        verbose_name = _("break glass")
        verbose_name_plural = _("break glass")
        constraints = [
            models.UniqueConstraint(
                fields=["pool"],
                condition=~Q(state=GlassState.ENDED),
                name="one_open_glass_per_pool",
            )
        ]

    def __str__(self) -> str:
        return f"{self.pool}, {self.started_at:%Y-%m-%d %H:%M}"


class GlassMember(models.Model):
    """A person whom break glass put into its group; only these are taken out again."""

    glass = models.ForeignKey(BreakGlass, on_delete=models.CASCADE, related_name="members")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # Set before the call: from here on IUM may have put the person there.
    wanted_in = models.BooleanField(default=True)
    done = models.BooleanField(default=False)
    was_member = models.BooleanField(default=False)
    error = models.TextField(blank=True)

    class Meta:
        verbose_name = _("person with access by break glass")
        verbose_name_plural = _("people with access by break glass")
        constraints = [
            models.UniqueConstraint(fields=["glass", "user"], name="person_once_per_glass")
        ]

    def __str__(self) -> str:
        return str(self.user)
