"""Hand-overs: what the journal tells about one slot going from one person to the next."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from slots.models.journal import Event, JournalEntry


class HandOverManager(models.Manager["HandOver"]):
    """The entries with which a hand-over is told: that a slot was given."""

    def get_queryset(self) -> models.QuerySet["HandOver"]:
        """Keep grants; rows of before `fence` was written cannot be followed."""
        return super().get_queryset().filter(event=Event.GRANTED, fence__isnull=False)


class HandOver(JournalEntry):
    """A grant, seen as the end of somebody's stay and the beginning of the next. No table of its own."""

    objects: ClassVar[HandOverManager] = HandOverManager()

    class Meta:
        proxy = True
        verbose_name = _("hand-over")
        verbose_name_plural = _("hand-overs")
