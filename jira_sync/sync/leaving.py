"""People who are no IUM users any more lose slot and queue place, in this order, before they leave the group."""

from collections.abc import Collection
from datetime import datetime

from jira_sync.sync.selectors import pools_sharing_users
from slots.models import LicencePool
from slots.services import pool_people_left


def take_slots(*, pool: LicencePool, user_ids: Collection[int], at: datetime) -> int:
    """Take slots and queue places in every pool that shares these users; return how many slots."""
    return sum(
        pool_people_left(pool_id=one.pk, user_ids=user_ids, at=at)
        for one in pools_sharing_users(pool)
    )
