"""The mirror of groups: equal to Jira, in few calls, by both families of the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ium.directory.models import Group
from jira_sync.client.errors import ConnectionIncomplete, JiraUnreachable, KeyRefused, NotAllowed
from jira_sync.services.groups import groups_refresh
from jira_sync.simulator import credentials
from tests.factories import AT
from tests.jira_sync.doctor.world import World

pytestmark = pytest.mark.django_db
LATER = AT + timedelta(hours=1)


def refresh(world: World, **how: Any) -> Any:
    return groups_refresh(site_id=world.site.pk, at=AT, **how)


def row(world: World, name: str) -> Group:
    return Group.objects.get(site=world.site, name=name)


def grants(world: World, name: str) -> list[tuple[str, bool]]:
    return [(one["product"], one["takes_licence"]) for one in row(world, name).grants or ()]


def token_only(world: World) -> None:
    world.set(org_key="")


@pytest.mark.parametrize("family", ["organisation", "rest"])
def test_the_mirror_is_equal_to_jira(world: World, family: str) -> None:
    if family == "rest":
        token_only(world)
    read = refresh(world)
    assert (read.groups, read.missing, read.waiting) == (14, 0, 0)
    assert {group.name for group in Group.objects.all()} == {
        group["name"] for group in world.jira.state()["groups"]
    }
    assert grants(world, "ium-access") == [("jira-software", True)]
    assert grants(world, "engineering") == []
    admins = Group.objects.filter(is_admin=True).values_list("name", flat=True).order_by("name")
    assert list(admins) == ["org-admins", "site-admins"]
    default = row(world, "jira-software-default")
    assert default.default_for == ["jira-software"]
    assert set(Group.objects.values_list("read_at", flat=True)) == {AT}


def test_the_organisation_api_also_tells_free_roles_confluence_and_who_manages(
    world: World,
) -> None:
    refresh(world)
    assert grants(world, "ium-users") == [("jira-product-discovery", False)]
    assert (row(world, "ium-users").grants or [])[0]["roles"] == ["atlassian/contributor"]
    assert grants(world, "confluence-users") == [("confluence", True)]
    read_only = Group.objects.filter(is_read_only=True).values_list("name", flat=True)
    assert list(read_only) == ["idp-staff"]


def test_jira_rest_tells_who_manages_the_groups_in_use(world: World) -> None:
    token_only(world)
    refresh(world)
    assert not row(world, "idp-staff").is_read_only
    world.sources(row(world, "idp-staff"))
    refresh(world)
    assert row(world, "idp-staff").is_read_only


def test_default_groups_stay_known_when_nobody_can_tell(world: World) -> None:
    refresh(world)
    world.set(api_token="")
    refresh(world)
    assert row(world, "jira-software-default").default_for == ["jira-software"]


def test_a_group_that_gives_the_admin_role_is_an_admin_group(world: World) -> None:
    admin = {"product": "jira-software", "role": "atlassian/admin"}
    world.group("product-admins", grants=[admin])
    refresh(world)
    assert row(world, "product-admins").is_admin


def test_groups_that_are_gone_are_marked_and_may_come_back(world: World) -> None:
    refresh(world)
    group = row(world, "finance")
    world.delete_group(group)
    assert groups_refresh(site_id=world.site.pk, at=LATER).missing == 1
    group.refresh_from_db()
    assert (group.missing_since, group.read_at) == (LATER, AT)
    Group.objects.filter(pk=row(world, "design").pk).update(missing_since=AT)
    refresh(world)
    assert row(world, "design").missing_since is None
    group.refresh_from_db()
    assert group.missing_since == LATER


def test_new_names_are_taken_over_unless_somebody_must_see_them(world: World) -> None:
    Group.objects.filter(name="ium-users").update(name="old")
    read = refresh(world, take_over_names=False)
    assert list(read.renamed.values()) == ["ium-users"]
    assert Group.objects.filter(name="old").exists()
    assert list(refresh(world).renamed.values()) == ["ium-users"]
    assert not Group.objects.filter(name="old").exists()
    assert refresh(world).renamed == {}


def test_nothing_is_written_when_jira_fails(world: World) -> None:
    before = Group.objects.count()
    world.jira.fault("role-assignments", "status", status=503)
    with pytest.raises(JiraUnreachable):
        refresh(world)
    assert Group.objects.count() == before


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"org_key": credentials.REVOKED_ORG_KEY}, KeyRefused),
        ({"org_key": "", "api_token": ""}, ConnectionIncomplete),
        ({"org_key": "a\nb"}, ConnectionIncomplete),
        ({"api_url": "http://api.example.com"}, ConnectionIncomplete),
        (
            {
                "org_key": "",
                "api_email": credentials.MEMBER_EMAIL,
                "api_token": credentials.MEMBER_TOKEN,
            },
            NotAllowed,
        ),
    ],
)
def test_keys_that_cannot_read_groups_say_so(
    world: World, fields: dict[str, Any], error: type[Exception]
) -> None:
    world.set(**fields)
    with pytest.raises(error):
        refresh(world)


def test_a_second_key_takes_over(world: World) -> None:
    world.set(
        org_key=credentials.REVOKED_ORG_KEY, second_org_key=credentials.SECOND_ORG_KEY, api_token=""
    )
    assert refresh(world).groups == 14


def big(world: World) -> None:
    """300 groups, of which 20 give something."""
    for number in range(300 - 14):
        giving = ["jira-software"] if number % 22 == 0 else []
        world.jira.order("groups", name=f"group-{number:03}", grants=giving)


def test_300_groups_cost_few_calls(world: World) -> None:
    big(world)
    before = world.calls()
    assert refresh(world).groups == 300
    # 15 pages of 20, 2 for administrators, 19 groups that give something, 1 for seats and default groups.
    assert world.calls() - before <= 15 + 2 + 20 + 1
    token_only(world)
    before = world.calls()
    refresh(world)
    # 6 pages of 50, products, 2 kinds of administrators, default groups; who manages 3 groups in use.
    assert world.calls() - before <= 6 + 1 + 2 + 1 + 3


def test_the_second_reading_writes_only_what_differs(
    world: World, django_assert_max_num_queries: Any
) -> None:
    big(world)
    refresh(world)
    with django_assert_max_num_queries(16):
        refresh(world)


def test_a_cap_reads_the_groups_in_use_first(world: World) -> None:
    big(world)
    read = refresh(world, grants_at_most=2)
    assert read.waiting > 10
    assert grants(world, "ium-access") == [("jira-software", True)]
    assert grants(world, "ium-users") == [("jira-product-discovery", False)]
    while read.waiting and Group.objects.filter(grants=None).exists():
        unknown = Group.objects.filter(grants=None).count()
        read = refresh(world, grants_at_most=8)
        assert Group.objects.filter(grants=None).count() < unknown
