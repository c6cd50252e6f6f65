"""What IUM does at Jira: carry out changes, compare, read people, try again. HTTP never inside a transaction."""

from jira_sync.services.changes import carry_out, unfinished_slots
from jira_sync.services.health import note_answer, note_failure, probe_site
from jira_sync.services.opening import look_in, look_later
from jira_sync.services.people import (
    SyncStoppedError,
    sync_protected,
    sync_rule_group,
    sync_user_group,
)
from jira_sync.services.projects import sync_projects
from jira_sync.services.reconciling import reconcile_pool

__all__ = [
    "SyncStoppedError",
    "carry_out",
    "look_in",
    "look_later",
    "note_answer",
    "note_failure",
    "probe_site",
    "reconcile_pool",
    "sync_projects",
    "sync_protected",
    "sync_rule_group",
    "sync_user_group",
    "unfinished_slots",
]
