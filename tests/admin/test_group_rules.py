"""Rules for groups on the configuration screen: what is refused, what it means, and that it takes effect."""

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client

from ium.directory.models import Group, User
from slots.models import GroupRule, JournalEntry, LicencePool, SlotState
from slots.sentences import sentence
from tests.admin.conftest import signed_in, staff
from tests.admin.test_configuration import page, settings_of
from tests.factories import GroupFactory, MembershipFactory, PoolFactory, slot_of, waiting

pytestmark = pytest.mark.django_db


@pytest.fixture
def team(pool: LicencePool) -> Group:
    """A group of some of the people."""
    made: Group = GroupFactory.create(site=pool.site, name="team")
    return made


def rules(*rows: dict[str, Any], pool: LicencePool) -> dict[str, Any]:
    """Return the fields of new rules as a browser sends them."""
    data: dict[str, Any] = {"rules-TOTAL_FORMS": len(rows), "rules-INITIAL_FORMS": 0}
    for number, row in enumerate(rows):
        whole = {"places_ahead": 0, "reserved_slots": 0, "pool": pool.pk, **row}
        data |= {f"rules-{number}-{name}": value for name, value in whole.items()}
    return data


def save(client: Client, pool: LicencePool, *rows: dict[str, Any], **changed: Any) -> Any:
    """Save the pool's form with new rules."""
    return client.post(page(pool), settings_of(pool, **rules(*rows, pool=pool), **changed))


def refusals(response: Any) -> str:
    """Return what the page says is wrong with the rules; empty when it was saved."""
    if response.status_code == 302:
        return ""
    formset = response.context["inline_admin_formsets"][0].formset
    return f"{formset.errors} {formset.non_form_errors()}"


def test_a_rule_is_saved_journalled_and_explained(
    boss: Client, pool: LicencePool, team: Group, admin_user: User
) -> None:
    row = {"group": team.pk, "places_ahead": 5, "reserved_slots": 1, "max_slots": 2}
    assert refusals(save(boss, pool, row)) == ""
    pool.refresh_from_db()
    assert pool.has_group_rules
    entry = JournalEntry.objects.get(event="rules_changed")
    assert entry.actor == admin_user
    assert "team [+5, 1 <=2]" in sentence(entry)


def test_a_rule_that_is_taken_away_costs_nothing_any_more(
    boss: Client, pool: LicencePool, team: Group
) -> None:
    save(boss, pool, {"group": team.pk, "max_slots": 1})
    rule = GroupRule.objects.get()
    gone = {"group": team.pk, "id": rule.pk, "DELETE": "on"}
    data = {**rules(gone, pool=pool), "rules-INITIAL_FORMS": 1}
    pool.refresh_from_db()
    boss.post(page(pool), settings_of(pool, **data))
    pool.refresh_from_db()
    assert not pool.has_group_rules
    assert not GroupRule.objects.exists()


def test_a_raised_cap_gives_what_is_free_at_once(boss: Client, team: Group) -> None:
    pool = PoolFactory.create(assigned_licences=2)
    team.site = pool.site
    team.save()
    rule = GroupRule.objects.create(pool=pool, group=team, max_slots=1)
    LicencePool.objects.filter(pk=pool.pk).update(has_group_rules=True)
    ann, ben = (waiting(pool) for _ in range(2))
    for person in (ann, ben):
        MembershipFactory.create(group=team, user=person)
    pool.slots.filter(holder=ben).update(state=SlotState.FREE, holder=None)
    ben.queue_entries.update(closed_at=None, close_reason="")
    row = {"id": rule.pk, "group": team.pk, "max_slots": 2}
    pool.refresh_from_db()
    boss.post(page(pool), settings_of(pool, **{**rules(row, pool=pool), "rules-INITIAL_FORMS": 1}))
    assert slot_of(ben).state == SlotState.GRANTING


def test_what_cannot_be_meant_is_refused(boss: Client, pool: LicencePool, team: Group) -> None:
    other = GroupFactory.create(name="elsewhere")
    assert "another site" in refusals(save(boss, pool, {"group": other.pk}))
    own = {"group": pool.user_group_id}
    assert "a group of the pool itself" in refusals(save(boss, pool, own))
    crossed = {"group": team.pk, "reserved_slots": 2, "max_slots": 1}
    assert "raise one or lower the other" in refusals(save(boss, pool, crossed))
    assert "places_ahead" in refusals(save(boss, pool, {"group": team.pk, "places_ahead": 1001}))
    assert "max_slots" in refusals(save(boss, pool, {"group": team.pk, "max_slots": 0}))
    twice = {"group": team.pk}
    assert "duplicate" in refusals(save(boss, pool, twice, twice))
    assert not GroupRule.objects.exists()


def test_no_more_can_be_reserved_than_there_is(
    boss: Client, pool: LicencePool, team: Group
) -> None:
    limit = pool.slot_count
    row = {"group": team.pk, "reserved_slots": limit + 1}
    assert "gives out only" in refusals(save(boss, pool, row))
    fewer = save(boss, pool, {"group": team.pk, "reserved_slots": limit}, buffer_licences=1)
    assert "gives out only" in refusals(fewer)


def test_reserving_everything_is_possible_and_warned_of(
    boss: Client, pool: LicencePool, team: Group
) -> None:
    response = save(boss, pool, {"group": team.pk, "reserved_slots": pool.slot_count})
    said = " ".join(str(message) for message in get_messages(response.wsgi_request))
    assert "nobody else gets a slot" in said


def test_whoever_may_only_look_sees_the_rules_and_changes_none(
    pool: LicencePool, team: Group
) -> None:
    GroupRule.objects.create(pool=pool, group=team, reserved_slots=1)
    watcher = signed_in(staff("eve", "slots.view_licencepool"))
    assert "team" in watcher.get(page(pool)).content.decode()
    assert save(watcher, pool, {"group": team.pk}).status_code == 403
    assert GroupRule.objects.count() == 1
