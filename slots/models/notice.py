"""Notices to administrators: written with what they tell of, sent afterwards."""

from datetime import datetime

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils.translation import gettext_lazy as _

from slots.models.pool import LicencePool


class NoticeKind(models.TextChoices):
    """What a notice tells of."""

    WAIT_LONG = "wait_long", _("people wait too long")
    WAIT_OVER = "wait_over", _("nobody waits too long any more")
    ALERT = "alert", _("an alert began")
    ALERT_OVER = "alert_over", _("an alert is over")
    TEST = "test", _("test message")


class Channel(models.TextChoices):
    """How a notice is sent."""

    MAIL = "mail", _("mail")
    WEBHOOK = "webhook", _("webhook")


class NoticeQuerySet(models.QuerySet["Notice"]):
    """Notices by whether they are to be sent."""

    def unsent(self) -> "NoticeQuerySet":
        """Return notices that are neither sent nor given up."""
        return self.filter(sent_at=None, given_up_at=None)

    def due(self, at: datetime) -> "NoticeQuerySet":
        """Return notices to send now. One after the other per pool and channel, so that an end never comes first."""
        earlier = Notice.objects.unsent().filter(
            pool=OuterRef("pool"), channel=OuterRef("channel"), pk__lt=OuterRef("pk")
        )
        return self.unsent().filter(~Exists(earlier), next_attempt_at__lte=at).order_by("pk")


class Notice(models.Model):
    """One message on one channel. The row comes first, the message later and, after a crash, perhaps twice."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(_("about"), max_length=16, choices=NoticeKind)
    channel = models.CharField(_("channel"), max_length=16, choices=Channel)
    created_at = models.DateTimeField(_("time"))
    details = models.JSONField(_("details"), default=dict)
    attempts = models.PositiveIntegerField(_("attempts"), default=0)
    next_attempt_at = models.DateTimeField(_("next attempt"))
    sent_at = models.DateTimeField(_("sent"), null=True)
    given_up_at = models.DateTimeField(_("given up"), null=True)
    last_error = models.TextField(_("last error"), blank=True)

    objects = NoticeQuerySet.as_manager()

    class Meta:
        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        indexes = [
            models.Index(
                fields=["pool", "channel"],
                condition=Q(sent_at=None, given_up_at=None),
                name="notice_unsent",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.get_channel_display()})"
