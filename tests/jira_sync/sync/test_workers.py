"""Several workers at once: every change is made once, and no call is made inside a transaction."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import requests
from django.db import connection

from jira_sync.models import RunState
from jira_sync.sync import run_continue
from jira_sync.sync.claims import CLAIM_TIME
from tests.jira_sync.sync.wire import is_write, watching
from tests.jira_sync.sync.world import World, account, accounts

SOURCES, LEAVERS = accounts(*range(20)), accounts(20, 21, 22)


def test_no_call_inside_a_transaction(committed: World) -> None:
    committed.source("staff", SOURCES)
    committed.users(LEAVERS)

    def look(request: requests.PreparedRequest) -> None:
        assert not connection.in_atomic_block, request.path_url

    with watching(look):
        assert committed.sync().state == RunState.DONE


def test_two_workers_at_once_make_each_change_once(committed: World) -> None:
    committed.source("staff", SOURCES)
    committed.users(LEAVERS)
    run = committed.start()
    before = committed.calls()

    def work(_number: int) -> None:
        try:
            run_continue(run_id=run.pk)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(work, range(4)))
    run.refresh_from_db()
    assert run.state == RunState.DONE
    assert committed.members() == committed.mirror_members() == SOURCES
    calls = committed.calls_since(before)
    assert calls["POST", "/groups/{groupId}/memberships"] == len(SOURCES)
    assert calls["DELETE", "/groups/{groupId}/memberships/{accountId}"] == len(LEAVERS)


def test_a_worker_that_was_away_too_long_stops_when_another_went_on(committed: World) -> None:
    """It wakes up after its claim ran out: the other one finished meanwhile, in the middle of its first change."""
    committed.source("staff", SOURCES)
    run = committed.start()
    took_over: list[float | None] = []

    def stall(request: requests.PreparedRequest) -> None:
        if is_write(request) and not took_over:
            took_over.append(0)
            committed.now.at += CLAIM_TIME + timedelta(seconds=1)
            took_over[0] = run_continue(run_id=run.pk)

    with watching(stall):
        run_continue(run_id=run.pk)
    run.refresh_from_db()
    assert committed.finish(run).state == RunState.DONE
    assert committed.members() == SOURCES
    assert set(run.entries.values_list("attempts", flat=True)) <= {1, 2}


def test_a_long_run_is_done_in_pieces(committed: World) -> None:
    """After a piece the worker turns to other things; the run is not claimed meanwhile."""
    committed.source("staff", SOURCES)
    run = committed.start()

    def slow(request: requests.PreparedRequest) -> None:
        if is_write(request):
            committed.now.at += timedelta(seconds=3)

    pieces = 0
    with watching(slow):
        while (delay := run_continue(run_id=run.pk)) is not None:
            assert delay == 0
            pieces += 1
    run.refresh_from_db()
    assert (run.state, pieces) == (RunState.DONE, 2)
    assert account(0) in committed.members()
