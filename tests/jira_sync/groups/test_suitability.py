"""Which groups suit: a reason in words for each one that does not."""

from __future__ import annotations

import pytest

from ium.directory.models import Group, Product
from jira_sync.doctor.group_use import Role
from jira_sync.services.groups import groups_refresh, suitable_groups
from tests.factories import AT, GroupFactory, PoolFactory
from tests.jira_sync.doctor.world import World

pytestmark = pytest.mark.django_db
ADMIN = "It is an administrators' group; IUM never touches those."
READ_ONLY = "It is managed by an identity provider and therefore read-only."
NO_ACCESS = "It gives no access to Jira."
ACCESS = "It gives access to Jira, so everybody in it has a licence of their own."
MISSING = "It no longer exists in Jira."
UNREAD = "IUM does not know yet what it gives. Read the groups again."


@pytest.fixture
def filled(world: World) -> World:
    """The groups of the demo organisation and a few more, all read."""
    world.group("new-access", grants=["jira-software"])
    world.group("two-products", grants=["jira-software", "confluence"])
    world.group(
        "free-role", grants=[{"product": "jira-software", "role": "atlassian/user-access-admin"}]
    )
    world.group("idp-access", grants=["jira-software"], external=True)
    world.group("idp-plain", grants=[], external=True)
    groups_refresh(site_id=world.site.pk, at=AT)
    GroupFactory.create(site=world.site, name="gone", missing_since=AT, grants=[])
    GroupFactory.create(site=world.site, name="unread", grants=None)
    return world


CASES: list[tuple[Role, str, str | None]] = [
    ("access", "new-access", None),
    ("access", "jira-fixed", None),
    ("access", "ium-access", "It is used by the pool “Jira pool” already (access group)."),
    ("access", "ium-users", "It is used by the pool “Jira pool” already (user group)."),
    ("access", "engineering", "It is used by the pool “Jira pool” already (source group)."),
    ("access", "site-admins", ADMIN),
    ("access", "two-products", "It gives other products too: Confluence."),
    ("access", "jira-software-default", "It is a default group of Jira: Atlassian puts new people"),
    ("access", "idp-access", READ_ONLY),
    ("access", "marketing", NO_ACCESS),
    ("access", "confluence-users", NO_ACCESS),
    ("access", "free-role", "It has a role in Jira that takes no licence and gives no slot."),
    ("access", "gone", MISSING),
    ("access", "unread", UNREAD),
    ("user", "marketing", None),
    ("user", "free-role", None),
    ("user", "confluence-users", None),
    ("user", "new-access", ACCESS),
    ("user", "idp-plain", READ_ONLY),
    ("user", "org-admins", ADMIN),
    ("user", "ium-users", "It is used by the pool “Jira pool” already (user group)."),
    ("user", "gone", MISSING),
    ("user", "unread", UNREAD),
    ("source", "marketing", None),
    ("source", "engineering", None),
    ("source", "idp-plain", None),
    ("source", "idp-access", ACCESS),
    ("source", "site-admins", ADMIN),
    ("source", "ium-access", "It is used by the pool “Jira pool” already (access group)."),
    ("source", "ium-users", "It is used by the pool “Jira pool” already (user group)."),
    ("source", "gone", MISSING),
]


@pytest.mark.parametrize(("role", "name", "reason"), CASES)
def test_a_group_suits_or_the_reason_is_said(
    filled: World, role: Role, name: str, reason: str | None
) -> None:
    found = suitable_groups(site=filled.site, role=role, product=Product.JIRA)
    said = {group.name: why for group, why in found}[name]
    if reason is None:
        assert said is None
    else:
        assert said is not None
        assert said.startswith(reason)


def test_the_own_use_of_the_pool_being_edited_is_no_reason(filled: World) -> None:
    for role, name in (("access", "ium-access"), ("user", "ium-users"), ("source", "engineering")):
        found = suitable_groups(
            site=filled.site,
            role=role,  # type: ignore[arg-type] # a literal in a loop
            product=Product.JIRA,
            pool=filled.pool,
        )
        assert {group.name: why for group, why in found}[name] is None


def test_another_product_has_other_groups(filled: World) -> None:
    found = suitable_groups(site=filled.site, role="access", product=Product.CONFLUENCE)
    assert [group.name for group, why in found if why is None] == ["confluence-users"]


def test_all_groups_of_the_site_and_no_others_are_listed_by_name(filled: World) -> None:
    PoolFactory.create()  # another site
    found = suitable_groups(site=filled.site, role="user", product=Product.JIRA)
    names = [group.name for group, _why in found]
    assert names == sorted(names)
    assert len(names) == Group.objects.filter(site=filled.site).count()
