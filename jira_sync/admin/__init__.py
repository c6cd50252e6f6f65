"""The admin of everything that talks to Jira: set-up, user sync, configuration check, break glass.

Thin: it asks services and selectors, and says what they answered. Pages that talk to Jira are views of their own,
outside transactions.
"""

from jira_sync.admin.findings import FindingAdmin
from jira_sync.admin.glass import BreakGlassAdmin
from jira_sync.admin.pools import SuitedPoolAdmin
from jira_sync.admin.sites import ConnectedSiteAdmin
from jira_sync.admin.sync_runs import SyncRunAdmin
from jira_sync.admin.sync_settings import SyncSettingsAdmin

__all__ = [
    "BreakGlassAdmin",
    "ConnectedSiteAdmin",
    "FindingAdmin",
    "SuitedPoolAdmin",
    "SyncRunAdmin",
    "SyncSettingsAdmin",
]
