"""The admin of the rules: pools, slots, queue, journal. Thin: it asks services, and says what they answered."""

from slots.admin.alerts import AlertRuleAdmin
from slots.admin.branding import QueueBrandingAdmin
from slots.admin.estimates import WaitEstimateAdmin
from slots.admin.extension_use import ExtensionUseAdmin
from slots.admin.hand_overs import HandOverAdmin
from slots.admin.jobs import JobRunAdmin
from slots.admin.journal import JournalEntryAdmin
from slots.admin.notices import NoticeAdmin
from slots.admin.page_rules import PageRulesAdmin
from slots.admin.pools import LicencePoolAdmin
from slots.admin.queue import QueueEntryAdmin
from slots.admin.sessions import SlotSessionAdmin
from slots.admin.slot_list import SlotAdmin

__all__ = [
    "AlertRuleAdmin",
    "ExtensionUseAdmin",
    "HandOverAdmin",
    "JobRunAdmin",
    "JournalEntryAdmin",
    "LicencePoolAdmin",
    "NoticeAdmin",
    "PageRulesAdmin",
    "QueueBrandingAdmin",
    "QueueEntryAdmin",
    "SlotAdmin",
    "SlotSessionAdmin",
    "WaitEstimateAdmin",
]
