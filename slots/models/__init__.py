"""Tables of the rules: pools, slots, queue, journal."""

from slots.models.alert import AlertKind, AlertRule
from slots.models.branding import LogoType, QueueBranding
from slots.models.estimates import Outcome, WaitEstimate
from slots.models.extension_use import ExtensionUse
from slots.models.group_rule import GroupRule
from slots.models.hand_over import HandOver
from slots.models.journal import Event, JobRun, JournalEntry
from slots.models.notice import Channel, Notice, NoticeKind
from slots.models.page_rules import PageRules
from slots.models.pool import FirstAttempt, LicencePool
from slots.models.queue import CloseReason, QueueEntry
from slots.models.slot import LossReason, Opening, Slot, SlotLock, SlotSession, SlotState

__all__ = [
    "AlertKind",
    "AlertRule",
    "Channel",
    "CloseReason",
    "Event",
    "ExtensionUse",
    "FirstAttempt",
    "GroupRule",
    "HandOver",
    "JobRun",
    "JournalEntry",
    "LicencePool",
    "LogoType",
    "LossReason",
    "Notice",
    "NoticeKind",
    "Opening",
    "Outcome",
    "PageRules",
    "QueueBranding",
    "QueueEntry",
    "Slot",
    "SlotLock",
    "SlotSession",
    "SlotState",
    "WaitEstimate",
]
