"""Periodic jobs of the rules. Every one may run twice, late, or on two workers at once."""

from celery import shared_task

from slots import services


@shared_task
def sweep_warn() -> int:
    """Warn holders whom the coming sweep would take. Runs every few seconds; acts one minute before a sweep."""
    return services.job_run(
        name="sweep_warn", step=lambda pool, at: services.sweep_warn(pool_id=pool, at=at)
    )


@shared_task
def sweep() -> int:
    """Take the slots whose warned holders stayed inactive."""
    return services.job_run(
        name="sweep", step=lambda pool, at: services.sweep_revoke(pool_id=pool, at=at)
    )


@shared_task
def upkeep() -> int:
    """End waits and grants whose people are gone; hand out what is free."""
    return services.job_run(
        name="upkeep", step=lambda pool, at: services.pool_upkeep(pool_id=pool, at=at)
    )


@shared_task
def notices() -> int:
    """Watch for waits above a pool's limit, and send what administrators are to be told."""
    watched = services.job_run(
        name="wait_watch", step=lambda pool, at: services.wait_watch(pool_id=pool, at=at)
    )
    return watched + services.job_run(
        name="notices_send", ids=[0], step=lambda _, at: services.notices_send(at=at)
    )


@shared_task
def wait_estimates() -> int:
    """Judge the estimates of waits that ended, and note new ones on the way."""
    return services.job_run(
        name="wait_estimates",
        step=lambda pool, at: services.estimates_follow(pool_id=pool, at=at),
    )


@shared_task
def prune_records() -> int:
    """Remove waits, estimates and stays that are older than they are kept."""
    return services.job_run(
        name="prune_records", step=lambda _id, at: services.records_prune(at=at), ids=[0]
    )
