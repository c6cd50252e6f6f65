"""What a restored installation must not do: act on what was true when the backup was taken."""

from datetime import datetime, timedelta

from django.utils.translation import gettext as _

from activity.models import Intake
from jira_sync.models import OPEN_RUNS, BreakGlass, GlassState, RunState, SyncRun
from slots.models import LicencePool
from slots.services import pool_restored

# Longer than any hole that IUM tolerates: the first note of the started system ends a gap, whenever that is.
AWAY = timedelta(minutes=10)


def settle(*, taken_at: datetime, at: datetime) -> None:
    """Close every pool until it was compared with Jira, and end what was under way. In the caller's transaction."""
    for pool_id in LicencePool.objects.order_by("pk").values_list("pk", flat=True):
        pool_restored(pool_id=pool_id, taken_at=taken_at, at=at)
    Intake.objects.update_or_create(pk=1, defaults={"seen_at": min(taken_at, at - AWAY)})
    # A plan of that time would take people out of the user group who belong there today.
    SyncRun.objects.filter(state__in=OPEN_RUNS).update(
        state=RunState.FAILED,
        finished_at=at,
        claimed_until=None,
        message=_("Ended: IUM was restored from a backup."),
    )
    # Perhaps it ended since: nobody is let in any more, and an administrator can end it (again).
    BreakGlass.objects.filter(state=GlassState.GIVING).update(
        state=GlassState.GIVEN,
        claimed_until=None,
        message=_("IUM was restored from a backup: end this if it is not wanted any more."),
    )
