"""A run as CSV, and the command."""

import csv
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from jira_sync.models import EntryAction, RunState, SyncEntry, SyncRun
from jira_sync.sync import run_csv
from tests.jira_sync.sync.world import World, account, accounts


def rows(run: SyncRun) -> list[list[str]]:
    return list(csv.reader(StringIO("".join(run_csv(run)))))


def entry(run: SyncRun, number: int, **fields: Any) -> SyncEntry:
    fields = {"action": EntryAction.ADD, "reason": "source_group", **fields}
    return SyncEntry.objects.create(run=run, account_id=account(number), **fields)


@pytest.fixture
def run(world: World) -> SyncRun:
    return SyncRun.objects.create(
        pool=world.pool, state=RunState.PLANNED, started_at=world.now.at, dry_run=True
    )


def test_a_run_as_csv(run: SyncRun) -> None:
    entry(run, 1, name="Björn, Eriksson", details='Is in "staff"')
    header, line = rows(run)
    assert header == ["Account id", "Name", "Action", "State", "Reason", "Details"]
    assert line == [
        account(1), "Björn, Eriksson", "added", "planned", "source_group", 'Is in "staff"',
    ]  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1+1", "＝1"],  # noqa: RUF001
)
def test_no_name_becomes_a_formula(run: SyncRun, name: str) -> None:
    entry(run, 1, name=name, details=name)
    line = rows(run)[1]
    assert line[1] == line[5] == "'" + name


def test_the_command_prints_a_plan_and_changes_nothing(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.source("staff", accounts(1, 2))
    world.change("jira-fixed", add=accounts(2))
    call_command("sync_users", "--pool", world.pool.key, "--dry-run", "--wait")
    output = capsys.readouterr().out
    assert "Has Jira anyway, by the group “jira-fixed”." in output
    assert "added: 1\nfiltered out: 1\n" in output
    assert world.members() == set()


def test_the_command_carries_a_run_out(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.source("staff", accounts(1, 2))
    call_command("sync_users", "--pool", world.pool.key, "--wait")
    assert "added: 2" in capsys.readouterr().out
    assert world.members() == accounts(1, 2)


def test_the_command_leaves_a_run_to_a_worker(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.source("staff", accounts(1))
    call_command("sync_users", "--pool", world.pool.key)
    assert "a worker carries it out" in capsys.readouterr().out
    assert world.members() == set()


def test_the_command_says_what_is_wrong(world: World) -> None:
    with pytest.raises(CommandError, match="no source groups"):
        call_command("sync_users", "--pool", world.pool.key)
    with pytest.raises(CommandError, match="no pool"):
        call_command("sync_users", "--pool", "nowhere")
    world.source("staff")
    world.users(accounts(1))
    with pytest.raises(CommandError, match="Stopped for safety"):
        call_command("sync_users", "--pool", world.pool.key, "--wait")
