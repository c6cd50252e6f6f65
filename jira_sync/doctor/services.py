"""What others use of the configuration check."""

from jira_sync.doctor.check_groups import GUEST_WARNING
from jira_sync.doctor.licence_sum import LicenceSum, licence_sum
from jira_sync.doctor.mail import mail_findings
from jira_sync.doctor.registry import FindingSeen, Scope
from jira_sync.doctor.run import check_configuration, check_processes, check_soon
from jira_sync.doctor.store import findings_store

__all__ = [
    "GUEST_WARNING",
    "FindingSeen",
    "LicenceSum",
    "Scope",
    "check_configuration",
    "check_processes",
    "check_soon",
    "findings_store",
    "licence_sum",
    "mail_findings",
]
