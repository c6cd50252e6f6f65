"""Numbers that only grow, for Prometheus: what was counted so far, and up to where."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Total(models.Model):
    """What was counted of one thing up to its cursor: a number, or a number, a sum and buckets."""

    series = models.CharField(max_length=32)
    # The labels as a JSON list: what they mean is in ium/usage/totals.
    key = models.CharField(max_length=255)
    numbers = models.JSONField(default=list)

    class Meta:
        verbose_name = _("total")
        verbose_name_plural = _("totals")
        constraints = [models.UniqueConstraint(fields=["series", "key"], name="one_total")]

    def __str__(self) -> str:
        return f"{self.series} {self.key}"


class TotalCursor(models.Model):
    """Up to where rows are in the totals; `next_position` was the end when somebody last looked."""

    series = models.CharField(max_length=32, unique=True)
    position = models.BigIntegerField(default=0)
    next_position = models.BigIntegerField(default=0)
    looked_at = models.DateTimeField()

    class Meta:
        verbose_name = _("cursor of totals")
        verbose_name_plural = _("cursors of totals")

    def __str__(self) -> str:
        return f"{self.series}: {self.position}"
