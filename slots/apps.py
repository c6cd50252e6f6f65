"""Slots: the rules of sharing."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SlotsConfig(AppConfig):
    """Pools, slots, queue and journal."""

    name = "slots"
    verbose_name = _("Licences")
