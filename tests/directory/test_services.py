"""The mirror of Jira: connection, people, groups."""

from datetime import datetime
from typing import Any

import pytest

from ium.directory.models import Group, GroupMembership, Site, User
from ium.directory.services import (
    PersonSeen,
    group_members_replace,
    people_upsert,
    protected_people_replace,
    site_report_failure,
    site_report_success,
)
from tests.factories import GroupFactory, MembershipFactory, SiteFactory, UserFactory, minutes

pytestmark = pytest.mark.django_db


def fail(site: Site, at: datetime, *, refused: bool = False) -> bool:
    """Report a failed call."""
    return site_report_failure(site_id=site.pk, refused=refused, message="no route", at=at)


def fresh(site: Site) -> tuple[str, int, str, datetime | None]:
    """Return what is known about the connection."""
    site.refresh_from_db()
    return (
        site.connection_state,
        site.connection_failures,
        site.connection_message,
        site.connection_changed_at,
    )


def test_one_lost_packet_is_no_outage(at: datetime) -> None:
    site = SiteFactory.create()
    assert [fail(site, at), fail(site, at), fail(site, at), fail(site, at)] == [
        False,
        False,
        True,
        False,
    ]
    assert fresh(site) == ("unreachable", 4, "no route", at)
    assert site.is_down


def test_a_success_in_between_starts_the_count_again(at: datetime) -> None:
    site = SiteFactory.create()
    fail(site, at)
    fail(site, at)
    assert not site_report_success(site_id=site.pk, at=at)
    assert not fail(site, at)
    assert fresh(site)[:2] == ("ok", 1)


def test_a_refused_key_counts_at_once(at: datetime) -> None:
    site = SiteFactory.create()
    assert fail(site, at, refused=True)
    assert fresh(site)[0] == "refused"
    assert not fail(site, at, refused=True)


def test_an_outage_ends_with_one_success_and_says_so_once(at: datetime) -> None:
    site = SiteFactory.create()
    fail(site, at, refused=True)
    later = at + minutes(5)
    assert site_report_success(site_id=site.pk, at=later)
    assert fresh(site) == ("ok", 0, "", later)
    assert not site_report_success(site_id=site.pk, at=later + minutes(1))
    assert fresh(site) == ("ok", 0, "", later)


def test_the_first_success_of_a_new_site_is_no_end_of_an_outage(at: datetime) -> None:
    site = SiteFactory.create(connection_state="unknown")
    assert not site_report_success(site_id=site.pk, at=at)
    assert fresh(site) == ("ok", 0, "", at)


def test_a_site_that_works_is_not_written_again(
    at: datetime, django_assert_num_queries: Any
) -> None:
    site = SiteFactory.create()
    with django_assert_num_queries(3):  # one read within a transaction
        site_report_success(site_id=site.pk, at=at)


def test_people_are_created_and_refreshed_by_account_id() -> None:
    ann = UserFactory.create(display_name="Ann", email="ann@example.com")
    people = people_upsert(
        [
            PersonSeen(account_id=ann.account_id, name="Ann B.", status="suspended"),
            PersonSeen(account_id="712020:new", name="Ben", email="ben@example.com"),
        ]
    )
    assert len(people) == 2
    ann.refresh_from_db()
    assert (ann.display_name, ann.account_status) == ("Ann B.", "suspended")
    assert ann.email == "ann@example.com"  # Jira often hides it: what was known stays
    ben = User.objects.get(account_id="712020:new")
    assert (ben.username, ben.email) == ("712020:new", "ben@example.com")
    assert not ben.has_usable_password()
    assert (ben.is_staff, ben.is_superuser) == (False, False)


def test_the_same_person_twice_in_one_reading_is_one_person() -> None:
    seen = PersonSeen(account_id="712020:new", name="Ben")
    people_upsert([seen, seen])
    people_upsert([seen])
    assert User.objects.count() == 1


def test_refreshing_does_not_touch_rights_in_ium() -> None:
    ann = UserFactory.create(is_staff=True, is_active=False, is_protected=True)
    people_upsert([PersonSeen(account_id=ann.account_id, name="Other")])
    ann.refresh_from_db()
    assert (ann.is_staff, ann.is_active, ann.is_protected) == (True, False, True)


def test_unchanged_people_are_not_written(django_assert_num_queries: Any) -> None:
    ann = UserFactory.create(display_name="Ann")
    with django_assert_num_queries(3):  # one read, an empty transaction
        people_upsert([PersonSeen(account_id=ann.account_id, name="Ann")])


def test_a_groups_members_become_what_jira_said(at: datetime) -> None:
    group: Group = GroupFactory.create()
    ann, ben, cleo = (UserFactory.create() for _ in range(3))
    MembershipFactory.create(group=group, user=ann)
    MembershipFactory.create(group=group, user=ben)
    other = MembershipFactory.create(user=ann)
    change = group_members_replace(group=group, user_ids=[ben.pk, cleo.pk, cleo.pk], at=at)
    assert (change.joined, change.left) == (frozenset({cleo.pk}), frozenset({ann.pk}))
    assert set(group.members.all()) == {ben, cleo}
    assert GroupMembership.objects.filter(pk=other.pk).exists()
    group.refresh_from_db()
    assert group.members_read_at == at


def test_replacing_members_by_the_same_changes_nothing(at: datetime) -> None:
    group: Group = GroupFactory.create()
    ann = UserFactory.create()
    group_members_replace(group=group, user_ids=[ann.pk], at=at)
    before = group.memberships.get().pk
    change = group_members_replace(group=group, user_ids=[ann.pk], at=at)
    assert (change.joined, change.left) == (frozenset(), frozenset())
    assert group.memberships.get().pk == before


def test_exactly_the_named_people_are_administrators() -> None:
    ann, ben = UserFactory.create(is_protected=True), UserFactory.create()
    protected_people_replace(account_ids=[str(ben.account_id), "712020:unknown"])
    ann.refresh_from_db()
    ben.refresh_from_db()
    assert (ann.is_protected, ben.is_protected) == (False, True)


def test_a_protected_local_account_does_not_stay_protected_by_its_missing_account_id() -> None:
    local = UserFactory.create(account_id=None, username="local", is_protected=True)
    protected_people_replace(account_ids=["712020:x"])
    local.refresh_from_db()
    assert not local.is_protected
