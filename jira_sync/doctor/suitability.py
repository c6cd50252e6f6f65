"""Which groups suit which purpose, with the reason in words for each one that does not. Asks only the mirror."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ium.directory.models import Group, Site
from jira_sync.doctor.group_use import (
    Role,
    Uses,
    gives,
    gives_licence,
    groups_in_use,
    other_products,
    product_name,
)
from slots.models import LicencePool


@dataclass(frozen=True)
class _Purpose:
    """What a group is wanted for. `pool` is the pool being edited, None for a new one."""

    role: Role
    product: str
    pool: LicencePool | None
    uses: Uses
    pool_names: Mapping[int, str]


def suitable_groups(
    *, site: Site, role: Role, product: str, pool: LicencePool | None = None
) -> list[tuple[Group, str | None]]:
    """Return every group of the site by name, with the reason in words why it does not suit; None when it does.

    `role` is what it is wanted for: "access" (Group Enable), "user" (Group Disable) or "source". `pool` is the pool
    being edited: its own use of a group is no reason. Asks only the mirror; see `groups_refresh`.
    """
    names = dict(LicencePool.objects.values_list("pk", "name"))
    purpose = _Purpose(role, product, pool, groups_in_use(site), names)
    groups = site.groups.order_by("name", "pk")
    return [(group, next(_reasons(group, purpose), None)) for group in groups]


def _reasons(group: Group, purpose: _Purpose) -> Iterator[str]:
    """Yield every reason against the group, the weightiest first."""
    for rule in _RULES[purpose.role]:
        if reason := rule(group, purpose):
            yield reason


def _missing(group: Group, purpose: _Purpose) -> str:
    return _("It no longer exists in Jira.") if group.missing_since else ""


def _unread(group: Group, purpose: _Purpose) -> str:
    return (
        _("IUM does not know yet what it gives. Read the groups again.")
        if group.grants is None
        else ""
    )


def _admin(group: Group, purpose: _Purpose) -> str:
    return _("It is an administrators' group; IUM never touches those.") if group.is_admin else ""


def _read_only_group(group: Group, purpose: _Purpose) -> str:
    return (
        _("It is managed by an identity provider and therefore read-only.")
        if group.is_read_only
        else ""
    )


def _used_elsewhere(group: Group, purpose: _Purpose) -> str:
    """Find another use that excludes this one. Source groups may feed several pools."""
    own = purpose.pool.pk if purpose.pool else None
    for role, pool_id in sorted(purpose.uses.get(group.pk, ())):
        if (role, pool_id) == (purpose.role, own) or role == purpose.role == "source":
            continue
        return _("It is used by the pool “%(pool)s” already (%(role)s).") % {
            "pool": purpose.pool_names[pool_id],
            "role": role_name(role),
        }
    return ""


def role_name(role: Role) -> str:
    """Return what a group is used for, for people."""
    names = {"access": _("access group"), "user": _("user group"), "source": _("source group")}
    return names[role]


def _gives_no_access(group: Group, purpose: _Purpose) -> str:
    if gives_licence(group, purpose.product):
        return ""
    product = product_name(purpose.product)
    if gives(group, purpose.product):
        return _("It has a role in %(product)s that takes no licence and gives no slot.") % {
            "product": product
        }
    return _("It gives no access to %(product)s.") % {"product": product}


def _gives_others(group: Group, purpose: _Purpose) -> str:
    others = other_products(group, purpose.product)
    return (
        _("It gives other products too: %(others)s.") % {"others": ", ".join(others)}
        if others
        else ""
    )


def _default(group: Group, purpose: _Purpose) -> str:
    if not group.default_for:
        return ""
    return _("It is a default group of %(products)s: Atlassian puts new people into it.") % {
        "products": ", ".join(map(product_name, group.default_for))
    }


def _gives_access(group: Group, purpose: _Purpose) -> str:
    if not gives_licence(group, purpose.product):
        return ""
    return _("It gives access to %(product)s, so everybody in it has a licence of their own.") % {
        "product": product_name(purpose.product)
    }


_Rule = Callable[[Group, _Purpose], str]
_RULES: dict[Role, tuple[_Rule, ...]] = {
    "access": (
        _missing,
        _admin,
        _unread,
        _used_elsewhere,
        _read_only_group,
        _gives_no_access,
        _gives_others,
        _default,
    ),
    "user": (_missing, _admin, _unread, _used_elsewhere, _read_only_group, _gives_access),
    "source": (_missing, _admin, _unread, _used_elsewhere, _gives_access),
}
