"""Classes with ageing, reserved slots and caps (promise 2 with options): who is next, and what people are told."""

import random
from collections import Counter
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import given, settings
from hypothesis import strategies as st

from ium.directory.models import Group, User
from ium.lib.errors import Refused
from slots.document import SlotDocument, slot_document
from slots.models import GroupRule, JournalEntry, LicencePool, Slot, SlotState
from slots.sentences import sentence
from slots.services import (
    group_rules_changed,
    queue_entry_move_to_end,
    queue_give_slot,
    slot_release,
    slot_request,
)
from slots.services.picking import pick
from slots.shares import Choice, Share, Standing, choose, groups_of, standing_of
from tests.factories import (
    FakeJira,
    GroupFactory,
    MembershipFactory,
    UserFactory,
    active,
    entry_of,
    holder,
    member,
    minutes,
    seconds,
    slot_of,
    trusted,
)
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db


def rule(pool: LicencePool, name: str = "team", *, at: datetime, **fields: Any) -> Group:
    """Give a group a rule."""
    group: Group = GroupFactory.create(site=pool.site, name=name)
    GroupRule.objects.create(pool=pool, group=group, **fields)
    group_rules_changed(pool_id=pool.pk, at=at)
    return group


def asks(pool: LicencePool, at: datetime, *groups: Group, user: User | None = None) -> User:
    """Let a member of the groups ask for a slot."""
    user = user or member(pool)
    for group in groups:
        MembershipFactory.create(group=group, user=user)
    slot_request(user=user, pool=pool, return_url=None, at=at)
    return user


def told(user: User, pool: LicencePool, at: datetime) -> SlotDocument:
    """Return what the person is told."""
    fresh = LicencePool.objects.select_related("site").get(pk=pool.pk)
    return slot_document(user=user, pool=fresh, at=at)


def hand_over(pool: LicencePool, who: User, jira: FakeJira, at: datetime) -> User:
    """Let somebody hand the slot back; return who gets it."""
    slot = slot_of(who)
    slot_release(user=who, pool=pool, at=at)
    jira.settle(at)
    slot.refresh_from_db()
    assert slot.holder is not None, "nobody got it"
    return slot.holder


def test_a_group_stands_places_ahead_and_no_further(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    ann = jira.holder(single, at)
    team = rule(single, at=at, places_ahead=2)
    first, second, third = (asks(single, at) for _ in range(3))
    vip = asks(single, at, team)
    order = [first, vip, second, third]
    assert [told(one, single, at).position for one in order] == [1, 2, 3, 4]
    vip_told, first_told = told(vip, single, at).message, told(first, single, at).message
    assert hand_over(single, ann, jira, at) == first
    assert hand_over(single, first, jira, at) == vip
    entry = JournalEntry.objects.get(event="joined", user=vip)
    assert "“team” you stand up to 2 places further ahead" in vip_told
    assert "at most 2 people who come later" in first_told
    assert "2 places further ahead through “team”" in sentence(entry)


def test_nobody_is_overtaken_by_more_people_than_there_are_places(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    now = jira.holder(single, at)
    team = rule(single, at=at, places_ahead=3)
    patient = asks(single, at)
    served = []
    while patient not in served:
        asks(single, at, team)
        now = hand_over(single, now, jira, at)
        served.append(now)
    assert len(served) == 4, "three overtake, then nobody else"


def test_somebody_in_two_groups_stands_where_the_better_one_stands(
    single: LicencePool, at: datetime
) -> None:
    holder(single, at)
    near, far = (
        rule(single, "near", at=at, places_ahead=1),
        rule(single, "far", at=at, places_ahead=9),
    )
    assert entry_of(asks(single, at, near, far)).places_ahead == 9


def test_a_reserved_slot_is_lent_and_comes_back_first(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(assigned_licences=2)
    team = rule(pool, at=at, reserved_slots=1)
    ann, ben = asks(pool, at), asks(pool, at)
    jira.settle(at)
    assert {slot.state for slot in Slot.objects.filter(holder__in=[ann, ben])} == {"active"}, "lent"
    other, late = asks(pool, at), asks(pool, at + seconds(1), team)
    told_other, told_late = told(other, pool, at), told(late, pool, at)
    assert (told_late.position, told_late.reason) == (1, "reserved")
    assert (told_other.position, told_other.reason) == (2, "reserved_for_others")
    assert "“team”" in told_late.message
    assert "“team”" in told_other.message
    assert hand_over(pool, ann, jira, at + seconds(2)) == late
    entry = JournalEntry.objects.get(event="granted", user=late)
    assert "reserved for “team”" in sentence(entry)
    assert told(other, pool, at + seconds(2)).reason == "waiting"
    another = asks(pool, at + seconds(3), team)
    assert hand_over(pool, ben, jira, at + seconds(4)) == other, "the reservation is used"
    assert told(another, pool, at + seconds(4)).position == 1


def test_a_cap_skips_people_without_blocking_others(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(assigned_licences=2)
    team = rule(pool, at=at, max_slots=1)
    ann, ben, cleo = asks(pool, at, team), asks(pool, at, team), asks(pool, at)
    jira.settle(at)
    assert slot_of(cleo).state == SlotState.ACTIVE
    document = told(ben, pool, at)
    assert (document.state, document.reason) == ("queued", "group_cap")
    assert "“team” has the one slot" in document.message
    assert document.eta_seconds is None
    dan = asks(pool, at)
    assert told(dan, pool, at).position == 1, "the capped person does not stand in the way"
    entry = JournalEntry.objects.get(event="granted", user=cleo)
    assert (entry.reason, entry.details["capped"]) == ("capped", 1)
    assert hand_over(pool, ann, jira, at) == ben, "the cap has room again"


def test_a_slot_that_is_being_taken_still_counts_for_the_cap(at: datetime, jira: FakeJira) -> None:
    pool = make_pool(assigned_licences=2)
    team = rule(pool, at=at, max_slots=1)
    ann = asks(pool, at, team)
    jira.settle(at)
    slot_release(user=ann, pool=pool, at=at)
    ben = asks(pool, at, team)
    assert not Slot.objects.filter(holder=ben).exists()
    jira.settle(at)
    assert slot_of(ben).state == SlotState.ACTIVE


def test_an_administrator_gives_nobody_more_than_the_cap(at: datetime) -> None:
    pool = make_pool(assigned_licences=2)
    boss = UserFactory.create(account_id=None, username="boss")
    team = rule(pool, at=at, max_slots=1)
    asks(pool, at, team)
    ben = asks(pool, at, team)
    with pytest.raises(Refused) as refusal:
        queue_give_slot(entry_id=entry_of(ben).pk, at=at, actor=boss)
    assert refusal.value.code == "group_cap"


def test_nobody_loses_a_slot_for_somebody_whom_a_cap_keeps_out(
    at: datetime, jira: FakeJira
) -> None:
    pool = make_pool(assigned_licences=2, reclaim_on_request=True)
    team = rule(pool, at=at, max_slots=1)
    ann, ben = asks(pool, at, team), asks(pool, at)
    jira.settle(at)
    later = at + minutes(90)
    active(ann, pool, later)
    trusted(later)
    asks(pool, later, team)
    assert slot_of(ben).state == SlotState.ACTIVE
    asks(pool, later)
    assert slot_of(ben).state == SlotState.REVOKING


def test_who_is_put_at_the_end_starves_as_little_as_who_just_joined(
    single: LicencePool, at: datetime, jira: FakeJira
) -> None:
    boss = UserFactory.create(account_id=None, username="boss")
    ann = jira.holder(single, at)
    ben, cleo = asks(single, at), asks(single, at)
    queue_entry_move_to_end(entry_id=entry_of(ben).pk, at=at, actor=boss)
    queue_entry_move_to_end(entry_id=entry_of(ben).pk, at=at, actor=boss)
    dan = asks(single, at)
    assert [told(one, single, at).position for one in (cleo, ben, dan)] == [1, 2, 3]
    entry = JournalEntry.objects.get(event="moved", user=ben)
    assert "at the end of the queue" in sentence(entry)
    assert entry.actor == boss
    assert hand_over(single, ann, jira, at) == cleo


def test_pools_without_rules_pay_nothing(
    single: LicencePool, at: datetime, django_assert_num_queries: Any
) -> None:
    holder(single, at)
    ben = asks(single, at)
    fresh = LicencePool.objects.select_related("site").get(pk=single.pk)
    with CaptureQueriesContext(connection) as before:
        slot_document(user=ben, pool=fresh, at=at)
    rule(make_pool(), at=at, reserved_slots=1)
    with django_assert_num_queries(len(before)):
        slot_document(user=ben, pool=fresh, at=at)
    assert not any("grouprule" in query["sql"] for query in before.captured_queries)


@pytest.mark.parametrize("seed", range(12))
def test_the_front_of_the_queue_is_enough_to_choose_as_if_all_had_been_read(
    at: datetime, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 - chooses what is tried, no secret
    pool = make_pool(assigned_licences=6)
    teams = [
        rule(
            pool,
            f"team{number}",
            at=at,
            places_ahead=chance.choice([0, 2]),
            reserved_slots=(reserved := chance.randint(0, 2)),
            max_slots=chance.choice([None, reserved + 1]),
        )
        for number in range(2)
    ]
    pool.slots.all().delete()
    for _ in range(12):
        asks(pool, at, *chance.sample(teams, chance.choice([0, 0, 1, 2])))
    heads = pool.entries.alive(at)
    order, standing = list(heads), standing_of(pool)
    mine = groups_of(standing.shares, [entry.user_id for entry in order])
    chosen = choose([mine.get(one.user_id, frozenset()) for one in order], standing, 6)
    picked = pick(pool=pool, heads=heads, number=6)
    assert [entry.pk for entry, _ in picked] == [order[choice.index].pk for choice in chosen]
    assert [why.reserved_for for _, why in picked] == [choice.reserved_for for choice in chosen]
    assert picked


def test_what_it_costs_to_choose_does_not_depend_on_the_queue(
    at: datetime, django_assert_max_num_queries: Any
) -> None:
    pool = make_pool(assigned_licences=0)
    team = rule(pool, at=at, reserved_slots=1, max_slots=2)
    for number in range(40):
        asks(pool, at, *([team] if number % 2 else []))
    with django_assert_max_num_queries(5) as found:
        pick(pool=pool, heads=pool.entries.alive(at).select_related("user"), number=1)
    assert all("LIMIT 1" in q["sql"] or "entry" not in q["sql"] for q in found.captured_queries)


# --- Properties of the choice ---------------------------------------------------------------------------

SHARES = st.lists(
    st.builds(
        Share,
        group_id=st.just(0),
        name=st.just("team"),
        places_ahead=st.just(0),
        reserved=st.integers(0, 3),
        most=st.one_of(st.none(), st.integers(1, 3)),
    ),
    max_size=3,
).map(lambda shares: [Share(n, s.name, 0, s.reserved, s.most) for n, s in enumerate(shares)])
QUEUE = st.lists(st.frozensets(st.integers(0, 2), max_size=2), max_size=12)
USED = st.dictionaries(st.integers(0, 2), st.integers(0, 4)).map(Counter)


def groups_with_rules(queue: list[frozenset[int]], shares: list[Share]) -> list[frozenset[int]]:
    """Return the queue with only the groups that have rules."""
    return [groups & {share.group_id for share in shares} for groups in queue]


@settings(max_examples=300, deadline=None)
@given(shares=SHARES, queue=QUEUE, used=USED, number=st.integers(0, 6))
def test_the_choice_keeps_caps_serves_the_owed_first_and_leaves_nothing_idle(
    shares: list[Share], queue: list[frozenset[int]], used: Counter[int], number: int
) -> None:
    queue = groups_with_rules(queue, shares)
    chosen = choose(queue, Standing(shares, Counter(used)), number)
    left, now = dict(enumerate(queue)), Counter(used)
    for choice in chosen:
        full, owed = Standing(shares, now).full(), Standing(shares, now).owed()
        free = {i: groups for i, groups in left.items() if not groups & full}
        first_owed = [i for i, groups in free.items() if groups & owed]
        assert choice.index == min(first_owed or free)
        assert (choice.reserved_for is not None) == bool(first_owed)
        now.update(left.pop(choice.index))
    full = Standing(shares, now).full()
    if len(chosen) < number:
        assert all(groups & full for groups in left.values()), (
            "a slot idles while somebody may have it"
        )


def test_without_rules_the_choice_is_the_front_of_the_queue() -> None:
    assert choose([frozenset()] * 5, Standing([]), 3) == [Choice(0), Choice(1), Choice(2)]
