"""Usage: records, reports, what-if."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class UsageConfig(AppConfig):
    """How many slots were used when."""

    name = "ium.usage"
    label = "usage"
    verbose_name = _("Usage")
