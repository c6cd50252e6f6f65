"""What a Jira group's people may count on in a pool: places further ahead, reserved slots, a cap."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from ium.directory.models import Group
from slots.models.pool import LicencePool

MOST_PLACES_AHEAD = 1000


class GroupRule(models.Model):
    """One pool's rule for the members of one Jira group.

    `places_ahead` is a priority that ages by itself: numbers are given out one by one, so nobody is ever overtaken
    by more people than that. `reserved_slots` is soft: what the group does not use is lent, and the next slot that
    becomes free goes to the group. Slots of people in several groups count for each of them.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="rules")
    group = models.ForeignKey(
        Group, on_delete=models.PROTECT, related_name="rules", verbose_name=_("Jira group")
    )
    places_ahead = models.PositiveIntegerField(
        _("places ahead"),
        default=0,
        validators=[MaxValueValidator(MOST_PLACES_AHEAD)],
        help_text=_(
            "People of the group who join the queue stand so many places further ahead, and nobody is overtaken by"
            " more people than that. 0: like everybody."
        ),
    )
    reserved_slots = models.PositiveIntegerField(
        _("reserved slots"),
        default=0,
        help_text=_(
            "While the group has fewer slots than this, the next free one goes to its waiting people."
            " What the group does not use is lent to others."
        ),
    )
    max_slots = models.PositiveIntegerField(
        _("slots at most"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1)],
        help_text=_(
            "People of the group have at most so many slots together; who waits for more holds up nobody."
            " Empty: no cap."
        ),
    )

    class Meta:
        verbose_name = _("rule for a group")
        verbose_name_plural = _("rules for groups")
        constraints = [
            models.UniqueConstraint(fields=["pool", "group"], name="one_rule_per_group_and_pool"),
            models.CheckConstraint(
                condition=Q(max_slots=None) | Q(max_slots__gte=F("reserved_slots")),
                name="group_cap_not_below_reservation",
            ),
        ]

    def __str__(self) -> str:
        return str(self.group)
