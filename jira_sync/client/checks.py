"""The connection test: one line per thing tried, in words an administrator can act on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from .errors import JiraError
from .interface import CheckResult, GroupInfo, ServerClock

WORST_CLOCK_OFFSET = 60.0  # seconds; times in the journal would mislead beyond that


def attempt(what: str, action: Callable[[], str]) -> CheckResult:
    """Run the action; its text is the message, or the error's with the technical detail."""
    try:
        return CheckResult(what, True, action())
    except JiraError as error:
        detail = f" ({error.detail})" if error.detail else ""
        return CheckResult(what, False, error.message + detail)


def clock(read: Callable[[], ServerClock]) -> CheckResult:
    """Compare Jira's clock with ours."""
    what = "Clock"
    try:
        offset = read().offset_seconds
    except JiraError as error:
        return CheckResult(what, False, error.message)
    if abs(offset) <= WORST_CLOCK_OFFSET:
        return CheckResult(what, True, "This server's clock agrees with Jira's.")
    direction = "behind" if offset > 0 else "ahead of"
    return CheckResult(
        what,
        False,
        f"This server's clock is {abs(offset):.0f} s {direction} Jira's. Switch on time "
        "synchronisation (NTP).",
    )


class FindGroup(Protocol):
    """`JiraDirectory.find_group` by id."""

    def __call__(self, *, group_id: str) -> GroupInfo | None: ...


def group(group_id: str, find: FindGroup) -> CheckResult:
    """Look at one group: does it exist, and may its members be changed?"""
    what = f"Group {group_id}"
    try:
        info = find(group_id=group_id)
    except JiraError as error:
        return CheckResult(what, False, f"{error.message} ({error.detail})")
    if info is None:
        return CheckResult(what, False, "Jira has no such group. Choose an existing one.")
    what = f"Group {info.name}"
    if info.managed_externally or info.modifiable is False:
        return CheckResult(
            what,
            False,
            "Its members are managed elsewhere (identity provider), so IUM cannot change them. "
            "Choose a group that is managed in Atlassian.",
        )
    return CheckResult(what, True, _grants(info))


def _grants(info: GroupInfo) -> str:
    products = sorted({grant.product for grant in info.grants or ()})
    if not products:
        return "Found. It gives no product access."
    return f"Found. It gives access to {', '.join(products)}."
