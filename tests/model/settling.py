"""Once faults have stopped: time passes, all jobs run, and everything must come to its end."""

from datetime import datetime, timedelta

from django.db.models import Max, Min

from ium.directory.models import Group, Site
from jira_sync import services as jobs
from slots import services
from slots.models import LicencePool, QueueEntry, Slot
from tests.model.document import check_document
from tests.model.jira import MANY_SEATS, PRODUCT
from tests.model.world import World

STEP = timedelta(seconds=61)
PATIENCE = 40


def settle(world: World) -> None:
    """End all faults, let IUM run until nothing is under way, and check that everything is as it should be."""
    _stop_faults(world)
    for _ in range(PATIENCE):
        world.wait(_until_something_happens(world) - world.at, alive=True)
        _round(world)
        if not _under_way(world):
            break
    _round(world)
    world.check.check_settled()
    for user in world.people:
        user.refresh_from_db()
        check_document(user, world.fresh_pool(), world.at)


def _stop_faults(world: World) -> None:
    jira = world.jira
    jira.failing, jira.access.external = None, False
    jira.organisation.set_seats(PRODUCT, MANY_SEATS)
    for worker in list(world.workers):
        world.kill(worker)
    for landing in list(world.landing):
        world.land(landing)
    world.messages.clear()
    world.change_settings(enabled=True)


def _until_something_happens(world: World) -> datetime:
    """Return the next moment that is written somewhere: clocks that were set make some of them far away."""
    soon = world.at + STEP
    names = ("claimed_until", "unsettled_until", "next_attempt_at")
    moments = list(Slot.objects.aggregate(**{name: Min(name) for name in names}).values())
    moments.append(LicencePool.objects.values_list("paused_until", flat=True).get())
    # A membership that is gone is missed by readings that began after Jira confirmed it.
    lost = Slot.objects.used().exclude(holder__account_id__in=world.jira.members)
    moments.append(lost.aggregate(last=Max("confirmed_at"))["last"])
    far = [moment for moment in moments if moment is not None and moment > soon]
    return min(far) if far else soon


def _round(world: World) -> None:
    """Run every job once, and let those who wait poll."""
    pool, at = world.pool.pk, world.at
    world.pulse()
    world.run_job(lambda: jobs.probe_site(site_id=Site.objects.get().pk))
    world.run_job(lambda: jobs.sync_protected(sites=Site.objects.all()))
    world.run_job(lambda: jobs.sync_user_group(group_id=Group.objects.get(group_id="users").pk))
    world.run_job(lambda: jobs.reconcile_pool(pool_id=pool))
    for user_id in list(QueueEntry.objects.waiting().values_list("user_id", flat=True)):
        _poll(world, user_id)
    world.act(lambda: services.sweep_warn(pool_id=pool, at=at))
    world.act(lambda: services.sweep_revoke(pool_id=pool, at=at))
    world.act(lambda: services.pool_upkeep(pool_id=pool, at=at), dispatches=True)
    for slot_id in jobs.unfinished_slots():
        world.finish(world.carry_out(slot_id))
    while world.messages:
        world.finish(world.deliver(0))


def _poll(world: World, user_id: int) -> None:
    user = next(user for user in world.people if user.pk == user_id)
    user.refresh_from_db()
    pool = world.fresh_pool()
    asked = world.act(
        lambda: services.slot_request(user=user, pool=pool, return_url=None, at=world.at) or True
    )
    if asked:
        world.check.seen[user.pk] = world.at


def _under_way(world: World) -> bool:
    unfinished = Slot.objects.filter(state__in=["granting", "revoking"]).exists()
    holders = {
        world.check.account(pk) for pk in Slot.objects.used().values_list("holder", flat=True)
    }
    return unfinished or holders != world.jira.members - world.jira.outsiders
