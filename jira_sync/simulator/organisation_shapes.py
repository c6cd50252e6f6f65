"""The JSON shapes of the Organizations API (camelCase in v2, snake_case in v1)."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from jira_sync.simulator.context import Simulator
from jira_sync.simulator.credentials import DIRECTORY_ID
from jira_sync.simulator.model import Grant, Group, Person, Status

Document = dict[str, Any]

# status, accountStatus, membershipStatus
STATUSES: dict[Status, tuple[str, str, str]] = {
    "active": ("active", "active", "active"),
    "suspended": ("suspended", "active", "suspended"),
    "deactivated": ("deactivated", "inactive", "no_membership"),
    "closed": ("deactivated", "closed", "no_membership"),
}


def timestamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def group(context: Simulator, found: Group, expand: set[str]) -> Document:
    """Schema Group. ``managementAccess.modifiable`` is how to see beforehand that writes will be refused."""
    document: Document = {
        "id": found.group_id,
        "name": found.name,
        "description": found.description,
        "directoryId": DIRECTORY_ID,
        "managementAccess": {"modifiable": not found.external},
        "externalSynced": found.external,
        "managedBy": "external" if found.external else "admins",
    }
    counts = {}
    if "counts.users" in expand:
        counts["users"] = len(found.members)
    if "counts.resources" in expand:
        counts["resources"] = len({context.ari(grant) for grant in found.grants})
    return document | ({"counts": counts} if counts else {})


def user(context: Simulator, person: Person, expand: set[str]) -> Document:
    """Schema User with the parts that ``expand`` asks for."""
    status, account_status, membership = STATUSES[person.status]
    document: Document = {
        "accountId": person.account_id,
        "accountType": person.account_type,
        "status": status,
        "accountStatus": account_status,
        "membershipStatus": membership,
        "addedToOrg": person.added,
        "name": person.name,
        "nickname": person.name.split()[0],
        "email": person.email,
        "emailVerified": True,
        "claimStatus": "managed",
        "managementSource": "invited",
        "mfaEnabled": True,
        "timeZone": person.time_zone,
    }
    return document | _expanded(context, person, expand)


def _expanded(context: Simulator, person: Person, expand: set[str]) -> Document:
    organisation, extra = context.organisation, {}
    if "productAccess" in expand:
        extra["productAccess"] = product_access(context, person)
    if "groups" in expand:
        groups = organisation.groups_of(person.account_id)
        extra["groups"] = [
            {"id": g.group_id, "name": g.name, "description": g.description} for g in groups
        ]
    document: Document = dict(extra)
    if "platformRoles" in expand:
        document["platformRoles"] = organisation.platform_roles_of(person.account_id)
    if "counts.resources" in expand:
        document["counts"] = {"resources": len({g.product for g in organisation.grants_of(person)})}
    return document


def product_access(context: Simulator, person: Person) -> list[Document]:
    """The products a person has, with when they were last used there, if ever."""
    seen = context.last_active(person)
    products = sorted(
        {grant.product for grant in context.organisation.grants_of(person) if grant.opens}
    )
    return [
        {"key": key, "id": context.ari(key)}
        | ({"lastActiveTimestamp": timestamp(seen[key])} if key in seen else {})
        for key in products
    ]


def last_active_dates(context: Simulator, person: Person) -> Document:
    """v1 last-active-dates: a product that was never used is left out."""
    return {
        "product_access": [
            {
                "id": context.ari(key),
                "key": key,
                "last_active": timestamp(at)[:10],
                "last_active_timestamp": timestamp(at),
            }
            for key, at in sorted(context.last_active(person).items())
        ],
        "added_to_org": person.added[:10],
    }


def group_roles(context: Simulator, found: Group) -> list[Document]:
    """Role assignments of a group: products by resource, platform roles without a directory."""
    by_product: dict[str, list[str]] = {}
    for grant in found.grants:
        by_product.setdefault(grant.product, []).append(grant.role)
    documents = [
        _resource(context, product) | {"roles": roles} for product, roles in by_product.items()
    ]
    platform = {
        "resourceOwner": "platform",
        "resourceId": _org_ari(context),
        "roles": found.platform_roles,
    }
    return [*documents, platform] if found.platform_roles else documents


def user_roles(context: Simulator, person: Person) -> list[Document]:
    """Direct and group roles of a person: every path on which a seat may be used."""
    methods: dict[Grant, set[str]] = {grant: {"direct"} for grant in person.direct}
    for found in context.organisation.groups_of(person.account_id):
        for grant in found.grants:
            methods.setdefault(grant, set()).add("group_direct")
    products = sorted({grant.product for grant in methods})
    return [_user_resource(context, person, product, methods) for product in products]


def _user_resource(
    context: Simulator, person: Person, product: str, methods: dict[Grant, set[str]]
) -> Document:
    roles = {grant.role: sorted(how) for grant, how in methods.items() if grant.product == product}
    assignments = [{"role": role, "roleAssignmentMethods": how} for role, how in roles.items()]
    return _resource(context, product) | {
        "roles": list(roles),
        "roleAssignments": assignments,
        "directoryId": DIRECTORY_ID,
        "userDirectoryStatus": STATUSES[person.status][2],
    }


def _resource(context: Simulator, product: str) -> Document:
    return {"resourceOwner": product, "resourceId": context.ari(product)}


def _org_ari(context: Simulator) -> str:
    return f"ari:cloud:platform::org/{context.options.orgs[0]}"
