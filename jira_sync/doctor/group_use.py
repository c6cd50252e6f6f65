"""What a group gives and what IUM uses it for, by the mirror."""

from collections import defaultdict
from typing import Literal

from ium.directory.models import Group, Product, Site
from jira_sync.models import SyncSettings
from slots.models import LicencePool

Role = Literal["access", "user", "source"]
Uses = dict[int, set[tuple[Role, int]]]
ADMIN_ROLE = "atlassian/admin"
GUEST_ROLE = "atlassian/guest"


def gives_licence(group: Group, product: str) -> bool:
    """Tell whether membership of the group takes a licence of the product, as far as is known."""
    return any(one["takes_licence"] and one["product"] == product for one in group.grants or ())


def gives(group: Group, product: str) -> bool:
    """Tell whether the group opens the product, whether that costs a licence or not."""
    return any(one["product"] == product for one in group.grants or ())


def has_role(group: Group, product: str, role: str) -> bool:
    """Tell whether the group gives this role on the product."""
    return any(one["product"] == product and role in one["roles"] for one in group.grants or ())


def other_products(group: Group, product: str) -> list[str]:
    """Return the names of other products that the group opens."""
    keys = {one["product"] for one in group.grants or ()} - {product}
    return [product_name(key) for key in sorted(keys)]


def product_name(key: str) -> str:
    """Return a product's name for people; the key itself for one that IUM does not know."""
    return str(dict(Product.choices).get(key, key))


def groups_in_use(site: Site) -> Uses:
    """Return for every group (pk) that IUM uses on the site: as what, and in which pool (pk)."""
    used: Uses = defaultdict(set)
    for pool in LicencePool.objects.filter(site_id=site.pk):
        used[pool.access_group_id].add(("access", pool.pk))
        used[pool.user_group_id].add(("user", pool.pk))
    sources = SyncSettings.source_groups.through.objects.filter(
        syncsettings__pool__site_id=site.pk
    ).values_list("group_id", "syncsettings__pool_id")
    for group_id, pool_id in sources:
        used[group_id].add(("source", pool_id))
    return dict(used)
