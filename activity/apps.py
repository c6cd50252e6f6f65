"""Activity: evidence that people work in Jira."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ActivityConfig(AppConfig):
    """Who was active when."""

    name = "activity"
    verbose_name = _("Activity")
