"""Jira sync: carries out what slots want, and keeps the mirror of people."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class JiraSyncConfig(AppConfig):
    """Talks to Jira."""

    name = "jira_sync"
    verbose_name = _("Jira")

    def ready(self) -> None:
        """Listen for wanted slot changes."""
        from jira_sync.receivers import send_to_worker
        from slots.signals import slot_change_wanted

        slot_change_wanted.connect(send_to_worker, dispatch_uid="jira_sync.send_to_worker")
