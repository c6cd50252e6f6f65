"""Jobs that talk to Jira, on their own queue. Every one may run twice, late, or on two workers at once."""

from celery import shared_task
from django.db.models import Q

from ium.directory.models import ConnectionState, Group, Site
from jira_sync import services
from slots.services import job_run


@shared_task
def carry_out(slot_id: int) -> None:
    """Carry out what one slot wants."""
    services.carry_out(slot_id=slot_id)


@shared_task
def carry_out_unfinished() -> int:
    """Find slot changes that Jira has not confirmed, whoever lost them, and carry them out."""
    return job_run(
        name="carry_out_unfinished",
        ids=services.unfinished_slots(),
        step=lambda slot_id, _at: services.carry_out(slot_id=slot_id),
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
    return job_run(
        name="sync_people",
        ids=list(groups.values_list("pk", flat=True)),
        step=lambda group_id, _at: services.sync_user_group(group_id=group_id),
    )


@shared_task
def probe() -> int:
    """Try sites that are down again."""
    down = Q(connection_state__in=[ConnectionState.UNREACHABLE, ConnectionState.REFUSED])
    return job_run(
        name="probe",
        ids=list(Site.objects.filter(down).values_list("pk", flat=True)),
        step=lambda site_id, _at: services.probe_site(site_id=site_id),
    )
