"""Telling a worker that there is something to do, once the row is committed; nothing is lost without one."""

from functools import partial

from django.db import transaction

from jira_sync.sync.waking import send


def wake_after_commit(glass_id: int) -> None:
    """Let a worker start as soon as the action can be seen."""
    transaction.on_commit(partial(wake, glass_id))


def wake(glass_id: int, *, countdown: float = 0) -> None:
    """Let a worker go on. Without a broker the periodic job finds the action within half a minute."""
    from jira_sync.tasks import glass_run

    send(glass_run, glass_id, countdown)
