"""A pool: the licences of one product on one site, and how they are shared."""

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords

from ium.directory.models import Group, Product, Site
from slots.rules import Timing

MINIMUM_INACTIVITY_MINUTES = 5
TEST_INACTIVITY_MINUTES = 30
MINIMUM_WARNING_SECONDS = 60


class FirstAttempt(models.TextChoices):
    """What starts the first attempt to get a slot."""

    ON_RECONNECT = "on_reconnect", _("after a click on Reconnect")
    AUTOMATIC = "automatic", _("automatically")


def _range(low: int, high: int) -> list[MinValueValidator | MaxValueValidator]:
    return [MinValueValidator(low), MaxValueValidator(high)]


class LicencePool(models.Model):
    """The licences of one product on one site: one "IUM Configuration".

    Columns below "kept by IUM" are not settings; they only change in slots' services, under the pool lock.
    """

    key = models.SlugField(
        _("short name"), unique=True, help_text=_("Used in addresses and by the extension.")
    )
    name = models.CharField(_("name"), max_length=100)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="pools")
    product = models.CharField(_("product"), max_length=32, choices=Product, default=Product.JIRA)
    enabled = models.BooleanField(
        _("switched on"),
        default=True,
        help_text=_("Off: nobody gets a slot, nobody loses one."),
    )
    dry_run = models.BooleanField(
        _("dry run"),
        default=False,
        help_text=_("Everything happens in the journal only; Jira is not changed."),
    )
    measuring = models.BooleanField(
        _("measuring mode"),
        default=False,
        db_default=False,
        help_text=_(
            "Only records when people are active, to find the right number of licences: nobody gets or loses a slot,"
            " nobody is warned, no group in Jira is changed."
        ),
    )
    access_group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="access_pools",
        verbose_name=_("access group (Group Enable)"),
        help_text=_("Gives product access. Only IUM writes its members."),
    )
    user_group = models.ForeignKey(
        Group,
        on_delete=models.PROTECT,
        related_name="user_pools",
        verbose_name=_("user group (Group Disable)"),
        help_text=_("Everybody IUM manages; gives no product access."),
    )
    assigned_licences = models.PositiveIntegerField(
        _("assigned licences"),
        validators=[MaxValueValidator(200_000)],
        help_text=_("At most so many people have access at the same time."),
    )
    buffer_licences = models.PositiveIntegerField(
        _("licences kept back"),
        default=0,
        help_text=_("Of the assigned licences, so many are never given out."),
    )

    inactivity_minutes = models.PositiveIntegerField(
        _("inactivity time (minutes)"),
        default=60,
        validators=_range(MINIMUM_INACTIVITY_MINUTES, 24 * 60),
        help_text=_(
            "After so many minutes without activity a slot may be taken. 5 to 30 is meant for tests."
        ),
    )
    sweep_interval_minutes = models.PositiveIntegerField(
        _("removal interval (minutes)"),
        default=5,
        validators=_range(1, 24 * 60),
        help_text=_("Every so many minutes inactive holders lose their slots."),
    )
    warning_seconds = models.PositiveIntegerField(
        _("warning ahead (seconds)"),
        default=MINIMUM_WARNING_SECONDS,
        validators=_range(MINIMUM_WARNING_SECONDS, 900),
        help_text=_("So long before the removal the popup appears; at least 60."),
    )
    minimum_hold_seconds = models.PositiveIntegerField(
        _("minimum hold (seconds)"),
        default=120,
        validators=_range(0, 3600),
        help_text=_("A fresh slot is safe for so long."),
    )
    claim_seconds = models.PositiveIntegerField(
        _("claim time (seconds)"),
        default=120,
        validators=_range(90, 3600),
        help_text=_(
            "A slot nobody takes up within this time goes to the next. Hidden tabs need 90."
        ),
    )
    lock_minutes = models.PositiveIntegerField(
        _("lock time after removal (minutes)"),
        default=0,
        validators=_range(0, 24 * 60),
        help_text=_(
            "Somebody who lost a slot to inactivity waits so long before getting one again."
        ),
    )
    queue_timer_seconds = models.PositiveIntegerField(
        _("queue timer (seconds)"),
        default=60,
        validators=_range(3, 600),
        help_text=_("At the latest after this time the next attempt is made automatically."),
    )
    place_kept_seconds = models.PositiveIntegerField(
        _("place kept (seconds)"),
        default=300,
        validators=_range(90, 3600),
        help_text=_("Somebody who went silent keeps the place in the queue for so long."),
    )
    access_delay_seconds = models.PositiveIntegerField(
        _("Jira's delay (seconds)"),
        default=3,
        validators=_range(0, 120),
        help_text=_("So long Jira takes to let somebody in after getting the licence."),
    )
    assumed_hold_minutes = models.PositiveIntegerField(
        _("assumed length of a stay (minutes)"),
        null=True,
        blank=True,
        validators=_range(1, 24 * 60),
        help_text=_(
            "For the expected wait, until 30 stays have ended. Empty: until then the wait is “not known yet”."
        ),
    )
    wait_alert_minutes = models.PositiveIntegerField(
        _("tell of waits above (minutes)"),
        default=0,
        db_default=0,
        validators=_range(0, 24 * 60),
        help_text=_("Administrators are told when somebody waits longer. 0: never."),
    )
    wait_alert_webhook = models.URLField(
        _("webhook for that"),
        max_length=500,
        blank=True,
        default="",
        db_default="",
        help_text=_("Gets a signed message too. Mail goes to the site's addresses for problems."),
    )
    reclaim_on_request = models.BooleanField(
        _("allow removal of inactive users on slot request"),
        default=False,
        help_text=_(
            "A request that finds no free slot takes the one of the longest inactive holder, without a warning."
        ),
    )
    automatic_login = models.BooleanField(
        _("automatic login after removal during inactivity"),
        default=False,
        help_text=_("After losing a slot the attempts to get one again start by themselves."),
    )
    first_attempt = models.CharField(
        _("first attempt"),
        max_length=16,
        choices=FirstAttempt,
        default=FirstAttempt.ON_RECONNECT,
    )
    extension_check = models.BooleanField(
        _("extension check"),
        default=True,
        help_text=_("Ask people without the browser extension to install it."),
    )
    covers_confluence = models.BooleanField(
        _("Confluence pages need a slot too"),
        default=False,
        db_default=False,
        help_text=_("For sites whose access group also gives Confluence."),
    )
    # Not used any more: QueueBranding took their place. A later release drops the columns, when no process that
    # knows them runs any more.
    queue_logo_url = models.URLField(blank=True, editable=False)
    queue_message = models.TextField(blank=True, editable=False)

    # Kept by IUM, not settings.
    next_seq = models.PositiveBigIntegerField(default=1, editable=False)
    # Since when people wait longer than the administrator's limit, who was told of it.
    wait_alert_since = models.DateTimeField(null=True, editable=False)
    # Whether any rule for a group exists: pools without pay no query for them.
    has_group_rules = models.BooleanField(default=False, db_default=False, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)
    paused_message = models.TextField(blank=True, editable=False)
    # Since when the database runs that this row was last used in (slots/services/database_life.py).
    database_life = models.CharField(max_length=64, default="", db_default="", editable=False)

    # Only settings belong in the history, and counters change under the pool lock all day.
    history = HistoricalRecords(
        excluded_fields=[
            "next_seq",
            "has_group_rules",
            "wait_alert_since",
            "paused_until",
            "paused_message",
            "database_life",
        ]
    )

    class Meta:
        verbose_name = _("IUM Configuration")
        verbose_name_plural = _("IUM Configuration")
        permissions = [("operate_pool", _("Can sweep, give and take back slots"))]
        constraints = [
            models.CheckConstraint(
                condition=~Q(access_group=F("user_group")), name="pool_groups_differ"
            ),
            models.UniqueConstraint(fields=["access_group"], name="access_group_in_one_pool"),
            models.CheckConstraint(
                condition=Q(buffer_licences__lte=F("assigned_licences")),
                name="buffer_within_licences",
            ),
            models.CheckConstraint(
                condition=Q(inactivity_minutes__gte=MINIMUM_INACTIVITY_MINUTES),
                name="inactivity_not_too_short",
            ),
            models.CheckConstraint(
                condition=Q(warning_seconds__gte=MINIMUM_WARNING_SECONDS),
                name="warning_not_too_late",
            ),
            models.CheckConstraint(
                condition=Q(sweep_interval_minutes__gte=1), name="sweep_interval_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse to turn away from a group in Jira while people got into it by IUM: nobody would take them out."""
        super().clean()
        before = LicencePool.objects.filter(pk=self.pk).first()
        if before is None or not before.slots.exclude(state="free").exists():
            return
        turned = {
            "access_group": before.access_group_id != self.access_group_id,
            "site": before.site_id != self.site_id,
            "dry_run": self.dry_run and not before.dry_run,
        }
        message = _("First switch the pool off and take all slots back: some are in use.")
        if errors := {field: message for field, turns in turned.items() if turns}:
            raise ValidationError(errors)

    @property
    def slot_count(self) -> int:
        """How many slots are given out at most: the assigned licences less those kept back."""
        return self.assigned_licences - self.buffer_licences

    @property
    def timing(self) -> Timing[timedelta]:
        """The rules of time with this pool's lengths."""
        return Timing.of(lambda seconds: timedelta(seconds=seconds), **self.lengths)

    @property
    def lengths(self) -> dict[str, float]:
        """What `Timing` needs, in seconds."""
        return {
            "inactivity": self.inactivity_minutes * 60,
            "warning": self.warning_seconds,
            "minimum_hold": self.minimum_hold_seconds,
            "claim_time": self.claim_seconds,
            "lock_time": self.lock_minutes * 60,
            "place_kept": self.place_kept_seconds,
        }

    @property
    def inactivity(self) -> timedelta:
        """The inactivity time."""
        return timedelta(minutes=self.inactivity_minutes)

    @property
    def warning(self) -> timedelta:
        """How long before the removal people are warned."""
        return timedelta(seconds=self.warning_seconds)

    @property
    def minimum_hold(self) -> timedelta:
        """How long a fresh slot is safe."""
        return timedelta(seconds=self.minimum_hold_seconds)

    @property
    def claim_time(self) -> timedelta:
        """How long a grant waits for its user."""
        return timedelta(seconds=self.claim_seconds)

    @property
    def place_kept(self) -> timedelta:
        """How long a silent person's place is kept."""
        return timedelta(seconds=self.place_kept_seconds)

    @property
    def access_delay(self) -> timedelta:
        """How long Jira takes until a new member is let in."""
        return timedelta(seconds=self.access_delay_seconds)

    def is_paused(self, at: datetime) -> bool:
        """Whether grants rest for a while because Jira refused one for a reason of the pool's."""
        return self.paused_until is not None and at < self.paused_until
