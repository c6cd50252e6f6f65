"""The only writes to pools, slots and queue: keyword-only, typed, atomic, repeatable, with `at` for time."""

from slots.services.alerts import Reading, alert_test, alert_watch
from slots.services.asking import Ask, Outcome, slot_request_many
from slots.services.confirming import Answer, Confirmation, change_confirm, changes_confirm
from slots.services.dispatch import pool_dispatch
from slots.services.estimates import estimates_follow, records_prune
from slots.services.group_rules import group_rules_changed
from slots.services.jobs import job_run
from slots.services.limit import pool_apply_limit, pool_configure
from slots.services.losses import (
    pool_people_left,
    slot_take_back,
    sweep_revoke,
    sweep_warn,
)
from slots.services.measuring import measuring_begin, measuring_end
from slots.services.notices import notices_send, wait_watch
from slots.services.opening import LOOKS, next_look, opening_asked, opening_report
from slots.services.pools import awaits_comparison, pool_lock, pool_pause
from slots.services.queue import (
    queue_entry_move_to_end,
    queue_entry_move_up,
    queue_entry_remove,
    queue_give_slot,
)
from slots.services.reconcile import Difference, pool_reconcile
from slots.services.refusing import change_postpone, change_refuse
from slots.services.repairing import slot_repair
from slots.services.reports import ReceiverId, polls_write, receivers_replace, reports_write
from slots.services.requests import slot_activity, slot_release, slot_request
from slots.services.restored import pool_restored, restored_pools_due
from slots.services.upkeep import (
    clocks_restart,
    intake_observe,
    pool_upkeep,
    site_came_back,
    site_went_down,
)
from slots.services.wanted import WantedChange, change_answered_late, change_claim

__all__ = [
    "LOOKS",
    "Answer",
    "Ask",
    "Confirmation",
    "Difference",
    "Outcome",
    "Reading",
    "ReceiverId",
    "WantedChange",
    "alert_test",
    "alert_watch",
    "awaits_comparison",
    "change_answered_late",
    "change_claim",
    "change_confirm",
    "change_postpone",
    "change_refuse",
    "changes_confirm",
    "clocks_restart",
    "estimates_follow",
    "group_rules_changed",
    "intake_observe",
    "job_run",
    "measuring_begin",
    "measuring_end",
    "next_look",
    "notices_send",
    "opening_asked",
    "opening_report",
    "polls_write",
    "pool_apply_limit",
    "pool_configure",
    "pool_dispatch",
    "pool_lock",
    "pool_pause",
    "pool_people_left",
    "pool_reconcile",
    "pool_restored",
    "pool_upkeep",
    "queue_entry_move_to_end",
    "queue_entry_move_up",
    "queue_entry_remove",
    "queue_give_slot",
    "receivers_replace",
    "records_prune",
    "reports_write",
    "restored_pools_due",
    "site_came_back",
    "site_went_down",
    "slot_activity",
    "slot_release",
    "slot_repair",
    "slot_request",
    "slot_request_many",
    "slot_take_back",
    "sweep_revoke",
    "sweep_warn",
    "wait_watch",
]
