"""When people were last active, and when IUM was able to notice."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.directory.models import Product, Site, User


class Source(models.TextChoices):
    """Where a piece of evidence came from."""

    EXTENSION = "extension", _("browser extension")
    QUEUE_PAGE = "queue_page", _("queue page")
    WEBHOOK = "webhook", _("Jira webhook")


class LastActivity(models.Model):
    """The latest evidence that a person works in one product of one site.

    One row per person, site and product, always overwritten. There is no index on `last_active_at` on purpose:
    it would make every write a full one (measured: 1.7 times the log), and the sweep starts from the slots.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="activity")
    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="+")
    product = models.CharField(_("product"), max_length=32, choices=Product)
    last_active_at = models.DateTimeField(_("last active"))
    received_at = models.DateTimeField(_("received"))
    source = models.CharField(_("source"), max_length=16, choices=Source)

    class Meta:
        verbose_name = _("last activity")
        verbose_name_plural = _("last activity")
        constraints = [
            models.UniqueConstraint(fields=["user", "site", "product"], name="one_last_activity")
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.last_active_at:%Y-%m-%d %H:%M:%S}"


class Intake(models.Model):
    """That IUM could receive activity: one row, refreshed every few seconds while web and worker run.

    A hole in it means that activity may be missing, whoever's fault it was.
    """

    seen_at = models.DateTimeField(_("last seen working"))
    gap_ended_at = models.DateTimeField(_("last gap ended"), null=True)
    gap_seconds = models.FloatField(_("length of the last gap in seconds"), default=0)

    class Meta:
        verbose_name = _("activity intake")
        verbose_name_plural = _("activity intake")
        constraints = [models.CheckConstraint(condition=models.Q(pk=1), name="one_intake_row")]

    def __str__(self) -> str:
        return f"{self.seen_at:%Y-%m-%d %H:%M:%S}"


class Receiver(models.Model):
    """A web process that collects activity, and that everything it collected until `seen_at` is written.

    It writes this with what it collected. Once it ends in the normal way there is no row any more; a row that is
    silent means that activity may be missing.
    """

    name = models.CharField(max_length=64, unique=True)
    host = models.CharField(max_length=255)
    process = models.PositiveIntegerField()
    seen_at = models.DateTimeField(_("last seen working"))

    class Meta:
        verbose_name = _("receiver of activity")
        verbose_name_plural = _("receivers of activity")

    def __str__(self) -> str:
        return f"{self.host} {self.process}"
