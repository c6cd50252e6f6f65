"""Break glass: who gets access, which groups are fit, what the journal says, and the command."""

from typing import Any

import pytest
from django.core.management import CommandError, call_command

from ium.directory.models import Group, Site, User
from ium.lib.errors import Refused
from jira_sync.glass import glass_counts, glass_preview, glass_start, open_glass, suitable
from jira_sync.models import BreakGlass, GlassState
from jira_sync.simulator import credentials
from slots.models import JournalEntry
from slots.services import slot_request
from tests import factories
from tests.jira_sync.glass.emergency import BEFORE, EMERGENCY, OURS, end, settle, start
from tests.jira_sync.sync.world import World, account, accounts


def journal() -> list[tuple[str, str]]:
    rows = JournalEntry.objects.filter(event__in=["glass_on", "glass_off"]).order_by("pk")
    return list(rows.values_list("event", "reason"))


def test_everybody_in_and_exactly_those_out_again(world: World, group: Group) -> None:
    glass = settle(world, start(world))
    assert glass.state == GlassState.GIVEN
    assert world.members(EMERGENCY) == OURS | BEFORE
    assert glass_counts(glass).put_in == len(OURS) - 1
    assert end(world, glass)
    assert not end(world, glass)
    settle(world, glass)
    assert glass.state == GlassState.ENDED
    assert glass.ended_at is not None
    assert world.members(EMERGENCY) == BEFORE
    assert journal() == [
        ("glass_on", "started"),
        ("glass_on", "given"),
        ("glass_off", "taking"),
        ("glass_off", "ended"),
    ]
    actors = JournalEntry.objects.filter(event__startswith="glass").exclude(actor=None)
    assert [entry.actor for entry in actors] == [world.administrator] * 2
    assert open_glass(world.pool) is None


def test_administrators_and_inactive_people_are_left_out(world: World, group: Group) -> None:
    User.objects.filter(account_id=account(1)).update(is_protected=True)
    User.objects.filter(account_id=account(2)).update(account_status="suspended")
    assert glass_preview(pool_id=world.pool.pk).people == 6
    settle(world, start(world))
    assert world.members(EMERGENCY) == (OURS | BEFORE) - accounts(1, 2)


def test_the_preview_knows_the_licences_when_it_can(world: World, group: Group) -> None:
    assert glass_preview(pool_id=world.pool.pk).licences_left is None
    found = credentials.printable()
    Site.objects.update(api_email=found["admin_email"], api_token=found["api_token"])
    world.site.refresh_from_db()
    preview = glass_preview(pool_id=world.pool.pk)
    assert (preview.licences_left, preview.fits) == (28, True)
    world.sim.order("options", seats={"jira-software": 14})
    assert not glass_preview(pool_id=world.pool.pk).fits


def test_a_pool_that_is_switched_off_and_slots_make_no_difference(
    world: World, group: Group
) -> None:
    factories.trusted(world.now.at)
    user = User.objects.get(account_id=account(1))
    glass = start(world)
    slot_request(user=user, pool=world.pool, return_url=None, at=world.now.at)
    assert factories.slot_of(user).state == "granting"
    world.pool.enabled = False
    world.pool.save()
    assert settle(world, glass).state == GlassState.GIVEN


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"is_read_only": True}, "group_read_only"),
        ({"is_admin": True}, "admin_group"),
        ({"group_id": "00000000-0000-4000-8000-000000000000"}, "group_missing"),
    ],
)
def test_unfit_groups_are_refused(
    world: World, group: Group, change: dict[str, Any], code: str
) -> None:
    Group.objects.filter(pk=group.pk).update(**change)
    with pytest.raises(Refused) as refusal:
        start(world)
    assert refusal.value.code == code
    assert journal() == []


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("ium-access", "group_of_pool"),
        ("crew", "group_of_pool"),
        ("engineering", "gives_no_product"),
        ("org-admins", "admin_group"),
        ("idp-staff", "group_read_only"),
    ],
)
def test_unfit_groups_of_the_site_are_refused(world: World, name: str, code: str) -> None:
    group = world.mirror(name)
    with pytest.raises(Refused) as refusal:
        glass_start(
            pool_id=world.pool.pk, group_id=group.pk, actor=world.administrator, at=world.now.at
        )
    assert refusal.value.code == code
    assert not suitable(group, world.pool)


def test_another_site_a_dry_run_and_a_second_action_are_refused(world: World, group: Group) -> None:
    assert suitable(group, world.pool)
    with pytest.raises(Refused, match="another site"):
        glass_start(
            pool_id=world.pool.pk,
            group_id=factories.GroupFactory.create().pk,
            actor=world.administrator,
            at=world.now.at,
        )
    start(world)
    with pytest.raises(Refused, match="in use"):
        start(world)
    world.pool.dry_run = True
    world.pool.save()
    with pytest.raises(Refused, match="dry run"):
        start(world)


def test_the_command_works_alone(
    world: World, group: Group, capsys: pytest.CaptureFixture[str]
) -> None:
    command = "break_glass", "--pool", world.pool.key, "--group", EMERGENCY, "--yes"
    call_command(*command)
    output = capsys.readouterr().out
    assert "8 people get access through “emergency”; licences left: unknown." in output
    assert "everybody has access: 8 / 1 / 0" in output
    assert world.members(EMERGENCY) == OURS | BEFORE
    call_command(*command)  # nothing new
    call_command(*command, "--end")
    assert "7 people lose the access" in capsys.readouterr().out
    assert world.members(EMERGENCY) == BEFORE
    assert BreakGlass.objects.get().state == GlassState.ENDED


def test_the_command_asks_and_says_what_is_wrong(
    world: World, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("builtins.input", lambda _question: "no")
    base = "break_glass", "--pool", world.pool.key
    with pytest.raises(CommandError, match="Nothing was done"):
        call_command(*base, "--group", EMERGENCY)
    with pytest.raises(CommandError, match="not in use"):
        call_command(*base, "--group", EMERGENCY, "--end")
    with pytest.raises(CommandError, match="knows no group"):
        call_command(*base, "--group", "nobodies")
    with pytest.raises(CommandError, match="group of a pool"):
        call_command(*base, "--group", "crew", "--yes")
    with pytest.raises(CommandError, match="Name an administrator"):
        call_command(*base, "--group", EMERGENCY, "--user", "nobody")
    assert not BreakGlass.objects.exists()
