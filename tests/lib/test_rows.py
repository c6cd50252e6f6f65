"""Many rows in one statement: what was changed is what is returned."""

from datetime import timedelta

import pytest
from django.db.models import F, Value

from ium.directory.models import Group, GroupMembership
from ium.lib.rows import insert_from, update_each, update_returning
from tests.factories import AT, GroupFactory, MembershipFactory, UserFactory

pytestmark = pytest.mark.django_db


def test_only_the_rows_that_fit_are_changed_and_returned() -> None:
    groups = [GroupFactory.create(name=name) for name in ("a", "b", "c")]
    rows = Group.objects.filter(pk__in=[group.pk for group in groups]).exclude(name="b")
    assert update_returning(rows, name="new", read_at=AT) == {groups[0].pk, groups[2].pk}
    assert sorted(Group.objects.values_list("name", flat=True)) == ["b", "new", "new"]


def test_nothing_that_can_fit_is_no_statement() -> None:
    assert update_returning(Group.objects.filter(pk__in=[]), name="new") == set()


def test_an_expression_counts_from_what_the_row_holds() -> None:
    user = UserFactory.create(display_name="old")
    assert update_returning(type(user).objects.filter(pk=user.pk), display_name=F("email"))
    user.refresh_from_db()
    assert user.display_name == user.email


@pytest.mark.parametrize("number", [1, 450])
def test_each_row_gets_values_of_its_own_and_all_the_same_others(number: int) -> None:
    site = GroupFactory.create().site
    groups = Group.objects.bulk_create(
        [Group(site=site, group_id=f"g{i}", name="old") for i in range(number)]
    )
    own = {
        group.pk: {"name": f"new'{i}", "read_at": AT + timedelta(seconds=i)}
        for i, group in enumerate(groups)
    }
    assert update_each(Group.objects.all(), own, is_admin=True) == set(own)
    for group in Group.objects.filter(pk__in=own):
        assert {"name": group.name, "read_at": group.read_at} == own[group.pk]
        assert group.is_admin
    assert not Group.objects.exclude(pk__in=own).filter(is_admin=True).exists()


def test_a_row_that_does_not_fit_is_left_alone_whatever_is_meant_for_it() -> None:
    fits, other = GroupFactory.create(name="a"), GroupFactory.create(name="b")
    own = {group.pk: {"name": "c"} for group in (fits, other)}
    assert update_each(Group.objects.exclude(name="b"), own) == {fits.pk}
    assert update_each(Group.objects.all(), {}) == set()
    other.refresh_from_db()
    assert other.name == "b"


def test_each_row_becomes_one_of_the_other_table() -> None:
    member, group = MembershipFactory.create(), GroupFactory.create()
    MembershipFactory.create(group=member.group)
    rows = GroupMembership.objects.filter(group=member.group)
    insert_from(rows, GroupMembership, group=Value(group.pk), user=F("user"), **_rest())
    assert set(group.memberships.values_list("user", flat=True)) == set(
        member.group.memberships.values_list("user", flat=True)
    )


def _rest() -> dict[str, object]:
    """Return the other columns of a membership, as they are."""
    known = {"id", "group", "user"}
    names = [field.name for field in GroupMembership._meta.concrete_fields]
    return {name: F(name) for name in names if name not in known}
