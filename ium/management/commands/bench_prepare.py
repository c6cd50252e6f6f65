"""Fill an empty database for the measurements."""

import json
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.directory.models import Device, Group, GroupMembership, Site, User
from ium.directory.services import token_hash
from ium.lib import clock
from slots.models import LicencePool, Slot, SlotState
from slots.services import intake_observe, pool_apply_limit

BATCH = 2000


class Command(BaseCommand):
    """People, a pool, and holders; prints their tokens as JSON."""

    help = "Fill an empty database for the measurements of ./ium.sh bench."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the sizes."""
        for name in ("users", "licences", "holders"):
            parser.add_argument(f"--{name}", type=int, required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        """Fill the database, unless somebody works with it."""
        if LicencePool.objects.exists():
            raise CommandError("This database is in use; measurements need an empty one.")
        pool = _pool(options["licences"])
        users = _people(pool, options["users"])
        _hold(pool, users[: options["holders"]])
        intake_observe(at=clock.now())
        self.stdout.write(json.dumps(_tokens(users)))


def _pool(licences: int) -> LicencePool:
    site = Site.objects.create(name="Bench", url="https://bench.example.net")
    access, people = (
        Group.objects.create(site=site, group_id=name, name=name) for name in ("access", "people")
    )
    pool = LicencePool.objects.create(
        key="jira",
        name="Jira",
        site=site,
        access_group=access,
        user_group=people,
        assigned_licences=licences,
    )
    pool_apply_limit(pool_id=pool.pk, at=clock.now())
    return pool


def _people(pool: LicencePool, number: int) -> list[User]:
    users = User.objects.bulk_create(
        [User(username=f"bench-{n}", account_id=f"bench-{n}") for n in range(number)], BATCH
    )
    GroupMembership.objects.bulk_create(
        [GroupMembership(group=pool.user_group, user=user) for user in users], BATCH
    )
    return users


def _hold(pool: LicencePool, holders: list[User]) -> None:
    since = clock.now() - timedelta(minutes=10)
    slots = list(pool.slots.order_by("pk")[: len(holders)])
    for slot, user in zip(slots, holders, strict=True):
        slot.state, slot.holder, slot.fence = SlotState.ACTIVE, user, 1
        slot.granted_at = slot.confirmed_at = slot.seen_at = slot.clock_from = since
    fields = ["state", "holder", "fence", "granted_at", "confirmed_at", "seen_at", "clock_from"]
    Slot.objects.bulk_update(slots, fields, BATCH // 10)


def _tokens(users: list[User]) -> list[str]:
    some = users[:20_000]
    Device.objects.bulk_create(
        [Device(user=user, token_hash=token_hash(f"token-of-{user.username}")) for user in some],
        BATCH,
    )
    return [f"token-of-{user.username}" for user in some]
