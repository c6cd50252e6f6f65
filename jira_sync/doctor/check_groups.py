"""Checks of a pool's groups: are they there, and do they give what they should and nothing else."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.directory.models import Group, Product
from jira_sync.doctor.facts import PoolFacts
from jira_sync.doctor.group_use import (
    GUEST_ROLE,
    Role,
    gives_licence,
    has_role,
    other_products,
    product_name,
)
from jira_sync.doctor.registry import Problem, check
from jira_sync.doctor.suitability import role_name
from jira_sync.models import Severity

# As far as is publicly known: jira-api.md section 3, and Atlassian's pages about guests.
GUEST_WARNING = gettext_lazy(
    "The guest role of Confluence costs no licence. Atlassian means it for people from outside the organisation: "
    "at most five guests per paid user, each with one space at a time, and its policy says that people who have or "
    "had a paid licence must not be turned into guests. Whether employees may be guests between two slots is for "
    "you to settle with Atlassian before you use it."
)


def _used_groups(facts: PoolFacts) -> Iterator[tuple[Role, Group]]:
    """Yield the groups of the pool that exist in Jira, each with what it is used for."""
    groups: list[tuple[Role, Group]] = [
        ("access", facts.access_group()),
        ("user", facts.user_group()),
        *(("source", group) for group in facts.source_groups()),
    ]
    yield from ((role, group) for role, group in groups if group.missing_since is None)


def _about(facts: PoolFacts, role: Role, group: Group) -> dict[str, str]:
    return {
        "role": role_name(role),
        "group": group.name,
        "pool": str(facts.pool),
        "product": product_name(facts.pool.product),
    }


@check("group_missing", "pool")
def group_missing(facts: PoolFacts) -> Iterator[Problem]:
    """A group that was deleted in Jira."""
    pool = facts.pool
    rows = facts.site.groups()
    roles: dict[Role, list[int]] = {
        "access": [pool.access_group_id],
        "user": [pool.user_group_id],
        "source": facts.source_group_ids(),
    }
    for role, keys in roles.items():
        for group in (rows[pk] for pk in keys if pk in rows and rows[pk].missing_since):
            yield Problem(
                severity=Severity.WARNING if role == "source" else Severity.ERROR,
                subject=group.group_id,
                what=_("The %(role)s “%(group)s” of %(pool)s no longer exists in Jira.")
                % _about(facts, role, group),
                why=_("IUM cannot read or change who is in it."),
                fix=_("Choose an existing group, or make a new one and choose that."),
            )


@check("group_renamed", "pool")
def group_renamed(facts: PoolFacts) -> Iterator[Problem]:
    """A group that has another name in Jira than here. IUM goes by the id, so nothing is broken."""
    renamed = facts.site.refresh().renamed
    for role, group in _used_groups(facts):
        if group.group_id in renamed:
            yield Problem(
                severity=Severity.NOTICE,
                subject=group.group_id,
                what=_("The %(role)s “%(group)s” of %(pool)s is now called “%(new)s” in Jira.")
                % {**_about(facts, role, group), "new": renamed[group.group_id]},
                why=_(
                    "IUM goes on: it knows the group by its id. People may look for the old name."
                ),
                fix=_(
                    "Make sure it is still the right group, then read the groups of the site again."
                ),
            )


@check("access_group_no_product", "pool")
def access_group_no_product(facts: PoolFacts) -> Iterator[Problem]:
    """An access group that opens nothing."""
    for role, group in _known(facts, "access"):
        if not gives_licence(group, facts.pool.product):
            yield Problem(
                severity=Severity.ERROR,
                subject=group.group_id,
                what=_("The access group “%(group)s” of %(pool)s gives no access to %(product)s.")
                % _about(facts, role, group),
                why=_("People get a slot and still cannot open the product."),
                fix=_("Give the group the role “User” of %(product)s in admin.atlassian.com.")
                % _about(facts, role, group),
            )


@check("access_group_other_products", "pool")
def access_group_other_products(facts: PoolFacts) -> Iterator[Problem]:
    """An access group that opens more than the pool is for."""
    for role, group in _known(facts, "access"):
        if others := other_products(group, facts.pool.product):
            yield Problem(
                severity=Severity.WARNING,
                subject=group.group_id,
                what=_("The access group “%(group)s” of %(pool)s also gives: %(others)s.")
                % {**_about(facts, role, group), "others": ", ".join(others)},
                why=_(
                    "Every slot may cost a licence of those products as well, which nobody counts."
                ),
                fix=_("Take the other products off the group in admin.atlassian.com."),
            )


@check("access_group_admin", "pool")
def access_group_admin(facts: PoolFacts) -> Iterator[Problem]:
    """An access group whose members administer."""
    for role, group in _known(facts, "access"):
        if group.is_admin:
            yield Problem(
                severity=Severity.ERROR,
                subject=group.group_id,
                what=_("The access group “%(group)s” of %(pool)s is an administrators' group.")
                % _about(facts, role, group),
                why=_("Everybody with a slot becomes an administrator."),
                fix=_("Choose a group that gives the role “User” of %(product)s and nothing else.")
                % _about(facts, role, group),
            )


@check("access_group_default", "pool")
def access_group_default(facts: PoolFacts) -> Iterator[Problem]:
    """An access group into which Atlassian puts people by itself."""
    for role, group in _known(facts, "access"):
        if group.default_for:
            products = ", ".join(map(product_name, group.default_for))
            yield Problem(
                severity=Severity.ERROR,
                subject=group.group_id,
                what=_(
                    "The access group “%(group)s” of %(pool)s is a default group of %(products)s."
                )
                % {**_about(facts, role, group), "products": products},
                why=_(
                    "Approved access requests put people into it past IUM: more licences than assigned."
                ),
                fix=_(
                    "Make another group the default in admin.atlassian.com, under the product's access."
                ),
            )


@check("group_read_only", "pool")
def group_read_only(facts: PoolFacts) -> Iterator[Problem]:
    """A group whose members only the identity provider may change."""
    for role, group in _used_groups(facts):
        if role == "source" or not group.is_read_only:
            continue
        filled_elsewhere = role == "user" and not facts.source_group_ids()
        yield Problem(
            severity=Severity.NOTICE if filled_elsewhere else Severity.ERROR,
            subject=group.group_id,
            what=_("The %(role)s “%(group)s” of %(pool)s is managed by an identity provider.")
            % _about(facts, role, group),
            why=_("Atlassian lets nobody else change its members, so the user sync cannot work.")
            if role == "user"
            else _("Atlassian lets nobody else change its members: IUM cannot give a slot."),
            fix=_("Choose a group that is managed in Atlassian."),
        )


@check("user_group_gives_product", "pool")
def user_group_gives_product(facts: PoolFacts) -> Iterator[Problem]:
    """A user group whose members all have a licence already."""
    for role, group in _known(facts, "user"):
        if gives_licence(group, facts.pool.product):
            yield Problem(
                severity=Severity.ERROR,
                subject=group.group_id,
                what=_("The user group “%(group)s” of %(pool)s gives access to %(product)s.")
                % _about(facts, role, group),
                why=_("Everybody in it uses a licence all the time; sharing saves nothing."),
                fix=_("Take %(product)s off the group in admin.atlassian.com.")
                % _about(facts, role, group),
            )


@check("source_group_gives_product", "pool")
def source_group_gives_product(facts: PoolFacts) -> Iterator[Problem]:
    """A source group whose members still have their own licence."""
    for role, group in _known(facts, "source"):
        if gives_licence(group, facts.pool.product):
            yield Problem(
                severity=Severity.WARNING,
                subject=group.group_id,
                what=_(
                    "The source group “%(group)s” of %(pool)s still gives access to %(product)s."
                )
                % _about(facts, role, group),
                why=_("Its members keep a licence of their own, so the sync leaves them out."),
                fix=_(
                    "Take %(product)s off the group in admin.atlassian.com; it keeps its permissions."
                )
                % _about(facts, role, group),
            )


@check("confluence_guest", "pool")
def confluence_guest(facts: PoolFacts) -> Iterator[Problem]:
    """People of a Confluence pool who are guests between two slots."""
    if facts.pool.product != Product.CONFLUENCE:
        return
    for role, group in _known(facts, "user"):
        if has_role(group, facts.pool.product, GUEST_ROLE):
            yield Problem(
                severity=Severity.NOTICE,
                subject=group.group_id,
                what=_("The user group “%(group)s” of %(pool)s makes people guests of Confluence.")
                % _about(facts, role, group),
                why=str(GUEST_WARNING),
                fix=_("Settle it with Atlassian, or take the guest role off the group."),
            )


def _known(facts: PoolFacts, wanted: Role) -> Iterator[tuple[Role, Group]]:
    """Yield the pool's groups of one kind of which it is known what they give."""
    for role, group in _used_groups(facts):
        if role == wanted and group.grants is not None:
            yield role, group
