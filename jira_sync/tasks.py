"""Jobs that talk to Jira, on their own queue. Every one may run twice, late, or on two workers at once."""

from concurrent.futures import ThreadPoolExecutor, wait

from celery import shared_task
from django.db import close_old_connections
from django.db.models import Q

from ium.directory.models import ConnectionState, Group, Site
from ium.lib import clock
from jira_sync import glass, services, sync
from jira_sync.doctor import services as doctor
from jira_sync.webhooks.services import webhook_events_prune
from slots.services import job_run, restored_pools_due

# Beside the worker's own threads. At Atlassian's limits and 100 ms per call 15 calls are on their way at once.
CALLS_AT_ONCE = 24

# Calls of one message are made side by side.
_threads = ThreadPoolExecutor(CALLS_AT_ONCE, "carry-out")


@shared_task
def carry_out(*slot_ids: int) -> None:
    """Carry out what these slots want, at the same time, and what follows from it.

    What is left when one fails with an error is found by the periodic job.
    """
    first, *others = slot_ids
    calls = [_threads.submit(_carry_out_in_a_thread, slot_id) for slot_id in others]
    try:
        _carry_out(first)
    finally:
        wait(calls)
    for call in calls:
        call.result()


def _carry_out_in_a_thread(slot_id: int) -> None:
    close_old_connections()
    _carry_out(slot_id)


def _carry_out(slot_id: int) -> bool:
    """Carry out, and after an addition begin to ask whether Jira lets the person in."""
    return services.carry_out(slot_id=slot_id, will_look=True)


@shared_task
def look_in(slot_id: int, fence: int) -> None:
    """Ask Jira whether it lets a new holder in, and again a little later while it does not."""
    delay = services.look_in(slot_id=slot_id, fence=fence)
    if delay is not None:
        services.look_later(slot_id, fence, delay)


@shared_task
def carry_out_unfinished() -> int:
    """Find slot changes that Jira has not confirmed, whoever lost them, and carry them out."""
    return job_run(
        name="carry_out_unfinished",
        ids=services.unfinished_slots(),
        step=lambda slot_id, _at: _carry_out(slot_id),
    )


@shared_task
def reconcile() -> int:
    """Compare every pool with its access group."""
    return job_run(name="reconcile", step=lambda pool_id, _at: _differences(pool_id))


def _differences(pool_id: int) -> int:
    difference = services.reconcile_pool(pool_id=pool_id)
    return difference.missing + difference.adopted if difference is not None else 0


@shared_task
def sync_people() -> int:
    """Mirror every user group, and who is an administrator."""
    services.sync_protected(sites=Site.objects.filter(pools__isnull=False).distinct())
    groups = Group.objects.filter(user_pools__isnull=False).distinct().order_by("pk")
    changed = job_run(
        name="sync_people",
        ids=list(groups.values_list("pk", flat=True)),
        step=lambda group_id, _at: services.sync_user_group(group_id=group_id),
    )
    return changed + sync_rule_groups()


@shared_task
def sync_rule_groups() -> int:
    """Mirror the groups that have rules in a pool. After the user groups, which are mirrored with all their people."""
    groups = Group.objects.filter(rules__isnull=False, user_pools=None).distinct().order_by("pk")
    return job_run(
        name="sync_rule_groups",
        ids=list(groups.values_list("pk", flat=True)),
        step=lambda group_id, _at: services.sync_rule_group(group_id=group_id),
    )


@shared_task
def sync_projects() -> int:
    """Mirror the projects of every site in use, so that clients know which need no slot."""
    sites = Site.objects.filter(pools__isnull=False).distinct().order_by("pk")
    return job_run(
        name="sync_projects",
        ids=list(sites.values_list("pk", flat=True)),
        step=lambda site_id, _at: services.sync_projects(site_id=site_id),
    )


@shared_task
def probe() -> int:
    """Try sites that are down again, then compare pools that came from a backup as soon as that can open them."""
    down = Q(connection_state__in=[ConnectionState.UNREACHABLE, ConnectionState.REFUSED])
    answered = job_run(
        name="probe",
        ids=list(Site.objects.filter(down).values_list("pk", flat=True)),
        step=lambda site_id, _at: services.probe_site(site_id=site_id),
    )
    if due := restored_pools_due(at=clock.now()):
        job_run(name="reconcile", ids=due, step=lambda pool_id, _at: _differences(pool_id))
    return answered


# Longer pauses are left to the periodic jobs: a message that waits longer than the broker's patience comes twice.
LONGEST_COUNTDOWN = 60.0


@shared_task
def sync_due() -> int:
    """Start the user syncs whose interval has come, and go on with runs that nobody works on."""
    for run_id in sync.runs_left_alone(clock.now()):
        sync.wake(run_id)
    return job_run(
        name="sync_due",
        ids=sync.pools_due(clock.now()),
        step=lambda pool_id, at: sync.due_start(pool_id=pool_id, at=at),
    )


@shared_task
def sync_run(run_id: int) -> None:
    """Do a piece of a run of the user sync, and come back for the next one."""
    delay = sync.run_continue(run_id=run_id)
    if delay is not None and delay <= LONGEST_COUNTDOWN:
        sync.wake(run_id, countdown=delay)


@shared_task
def glass_due() -> int:
    """Go on with break-glass actions that nobody works on."""
    return job_run(
        name="glass_due",
        ids=glass.glasses_left_alone(clock.now()),
        step=lambda glass_id, _at: _wake_glass(glass_id),
    )


def _wake_glass(glass_id: int) -> int:
    glass.wake(glass_id)
    return 1


@shared_task
def glass_run(glass_id: int) -> None:
    """Do a piece of a break-glass action, and come back for the next one."""
    delay = glass.glass_continue(glass_id=glass_id)
    if delay is not None and delay <= LONGEST_COUNTDOWN:
        glass.wake(glass_id, countdown=delay)


@shared_task
def check_configuration() -> int:
    """Check everything, with what costs many calls; return how many findings there are."""
    return job_run(
        name="check_configuration",
        ids=[0],
        step=lambda _, at: len(doctor.check_configuration(at=at)),
    )


@shared_task
def check_configuration_quickly() -> int:
    """Check everything that costs few calls."""
    return job_run(
        name="check_configuration_quickly",
        ids=[0],
        step=lambda _, at: len(doctor.check_configuration(at=at, thorough=False)),
    )


@shared_task
def check_site(site_id: int) -> int:
    """Check one site: its settings were changed."""
    return len(doctor.check_configuration(at=clock.now(), site_id=site_id))


@shared_task
def prune_webhook_events() -> int:
    """Forget events of webhooks that are too old to come again."""
    return job_run(
        name="prune_webhook_events", ids=[0], step=lambda _, at: webhook_events_prune(at=at)
    )


@shared_task
def mail_findings() -> int:
    """Look at Beat and the workers, then tell administrators what is wrong and what is over."""
    doctor.check_processes(at=clock.now())
    return job_run(name="mail_findings", ids=[0], step=lambda _, at: doctor.mail_findings(at=at))
