"""The only writes to the directory."""

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q
from django.utils.translation import gettext as _

from ium.directory.models import (
    AccountStatus,
    ConnectionState,
    Device,
    Group,
    GroupMembership,
    Project,
    Site,
    User,
)
from ium.lib.errors import NotFound

# After so many failed calls in a row the site counts as unreachable (one lost packet is no outage).
FAILURES_UNTIL_DOWN = 3
DEVICE_LIFETIME = timedelta(days=365)


@dataclass(frozen=True)
class PersonSeen:
    """A person as Jira described them."""

    account_id: str
    name: str
    email: str = ""
    status: str = AccountStatus.ACTIVE


def token_hash(token: str) -> str:
    """Return what is stored of a token. Tokens are long and random: a plain hash cannot be guessed back."""
    return hashlib.sha256(token.encode()).hexdigest()


@transaction.atomic
def device_create(*, account_id: str, label: str, at: datetime) -> tuple[Device, str]:
    """Create a device for a person; return it with its token, which is never shown again.

    Raises NotFound when nobody with this account id is known.
    """
    user = User.objects.filter(account_id=account_id).first()
    if user is None:
        raise NotFound(
            _("Nobody with the account id %(id)s is known. Run the user sync first.")
            % {"id": account_id},
            code="unknown_user",
        )
    token = f"ium_{secrets.token_urlsafe(32)}"
    device = Device.objects.create(
        user=user,
        token_hash=token_hash(token),
        label=label,
        created_at=at,
        expires_at=at + DEVICE_LIFETIME,
    )
    return device, token


@transaction.atomic
def device_sign_out(*, device: Device, at: datetime) -> bool:
    """End a device's token. Returns whether it was still valid; repeating is harmless."""
    return bool(Device.objects.filter(pk=device.pk, signed_out_at=None).update(signed_out_at=at))


def devices_used(*, device_ids: Sequence[int], by_extension: bool, at: datetime) -> None:
    """Note when devices were last used, and whether by their extension; an older time never replaces a newer one."""
    values = {"last_used_at": at, **({"extension_seen_at": at} if by_extension else {})}
    for start in range(0, len(device_ids), 500):
        Device.objects.filter(
            Q(last_used_at=None) | Q(last_used_at__lt=at), pk__in=device_ids[start : start + 500]
        ).update(**values)


@transaction.atomic
def site_report_success(*, site_id: int, at: datetime) -> timedelta | None:
    """Note that Jira answered. Returns how long the outage lasted that this ends; None without one."""
    fields = ("connection_state", "connection_failures", "connection_changed_at")
    site = Site.objects.only(*fields).get(pk=site_id)
    if site.connection_state == ConnectionState.OK:
        if site.connection_failures:
            Site.objects.filter(pk=site_id).update(connection_failures=0)
        return None
    changed = Site.objects.filter(pk=site_id, connection_state=site.connection_state).update(
        connection_state=ConnectionState.OK,
        connection_message="",
        connection_failures=0,
        connection_changed_at=at,
    )
    if not site.is_down or not changed:
        return None
    return at - (site.connection_changed_at or at)


@transaction.atomic
def site_report_failure(*, site_id: int, refused: bool, message: str, at: datetime) -> bool:
    """Note that a call failed. Returns True when the site counts as down from now on.

    A refused key counts at once, a failed connection after several in a row.
    """
    Site.objects.filter(pk=site_id).update(connection_failures=F("connection_failures") + 1)
    down = Site.objects.filter(pk=site_id).exclude(
        connection_state__in=[ConnectionState.UNREACHABLE, ConnectionState.REFUSED]
    )
    if not refused:
        down = down.filter(connection_failures__gte=FAILURES_UNTIL_DOWN)
    state = ConnectionState.REFUSED if refused else ConnectionState.UNREACHABLE
    return bool(
        down.update(connection_state=state, connection_message=message, connection_changed_at=at)
    )


def people_upsert(people: Iterable[PersonSeen]) -> list[User]:
    """Create or refresh people by account id; return them. Writes only what differs."""
    seen = {person.account_id: person for person in people}
    known = {u.account_id: u for u in User.objects.filter(account_id__in=seen)}
    with transaction.atomic():
        created = User.objects.bulk_create(
            [_new_user(person) for key, person in seen.items() if key not in known]
        )
        changed = [user for key, user in known.items() if _refresh(user, seen[str(key)])]
        User.objects.bulk_update(changed, ["display_name", "email", "account_status"])
    return [*known.values(), *created]


def _new_user(person: PersonSeen) -> User:
    user = User(
        username=person.account_id,
        account_id=person.account_id,
        display_name=person.name,
        email=person.email,
        account_status=person.status,
    )
    user.set_unusable_password()
    return user


def _refresh(user: User, person: PersonSeen) -> bool:
    wanted = (person.name, person.email or user.email, person.status)
    if (user.display_name, user.email, user.account_status) == wanted:
        return False
    user.display_name, user.email, user.account_status = wanted
    return True


@dataclass(frozen=True)
class MembersChanged:
    """Who came into a group and who left it, by primary key of the user."""

    joined: frozenset[int]
    left: frozenset[int]


def group_members_replace(*, group: Group, user_ids: Iterable[int], at: datetime) -> MembersChanged:
    """Make the mirror of a group's members equal to what Jira said; return the differences."""
    wanted = frozenset(user_ids)
    with transaction.atomic():
        Group.objects.select_for_update(no_key=True).get(pk=group.pk)
        current = frozenset(group.memberships.values_list("user_id", flat=True))
        change = MembersChanged(joined=wanted - current, left=current - wanted)
        group.memberships.filter(user_id__in=change.left).delete()
        GroupMembership.objects.bulk_create(
            [GroupMembership(group=group, user_id=user_id) for user_id in change.joined],
            batch_size=500,
        )
        Group.objects.filter(pk=group.pk).update(members_read_at=at)
    return change


def group_members_add(*, group: Group, user_ids: Iterable[int]) -> None:
    """Note that Jira put people into the group. Whoever is in it already stays."""
    memberships = [GroupMembership(group=group, user_id=user_id) for user_id in user_ids]
    GroupMembership.objects.bulk_create(memberships, ignore_conflicts=True)


def group_members_remove(*, group: Group, user_ids: Iterable[int]) -> None:
    """Note that Jira took people out of the group."""
    GroupMembership.objects.filter(group=group, user__in=user_ids).delete()


def protected_people_replace(*, account_ids: Iterable[str | None]) -> None:
    """Mark exactly these people as site or organisation administrators, whom IUM never touches."""
    wanted = set(account_ids)
    with transaction.atomic():
        User.objects.filter(is_protected=True).exclude(account_id__in=wanted).update(
            is_protected=False
        )
        User.objects.filter(account_id__in=wanted, is_protected=False).update(is_protected=True)


@transaction.atomic
def projects_replace(*, site: Site, types: Mapping[str, str]) -> int:
    """Make the mirror of a site's projects equal to what Jira said (type by key); return how many differ."""
    Site.objects.select_for_update(no_key=True).get(pk=site.pk)
    known = dict(site.projects.values_list("key", "type_key"))
    changed = {key for key, type_key in types.items() if known.get(key) != type_key}
    gone = known.keys() - types.keys()
    site.projects.filter(key__in=changed | gone).delete()
    Project.objects.bulk_create(
        [Project(site=site, key=key, type_key=types[key]) for key in sorted(changed)],
        batch_size=500,
    )
    return len(changed) + len(gone)


def extension_notice_set(*, user: User, hidden: bool) -> None:
    """Remember for the account whether the notice about the browser extension is shown."""
    User.objects.filter(pk=user.pk).update(hides_extension_notice=hidden)
