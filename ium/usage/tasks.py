"""Periodic jobs of usage. Every one may run twice, late, or on two workers at once."""

from celery import shared_task

from ium.lib import clock
from ium.usage.recording.intervals import record_intervals
from ium.usage.recording.periods import record_days, record_hours
from ium.usage.recording.pruning import usage_prune
from ium.usage.recording.spans import record_spans
from ium.usage.replay.jobs import what_if_answer, what_if_claim
from slots.services import job_run


@shared_task
def record() -> int:
    """Note everybody's activity of the last minute, and the five minutes that are over."""
    spans = job_run(name="usage_spans", step=lambda pool, at: record_spans(pool_id=pool, at=at))
    return spans + job_run(
        name="usage_intervals", step=lambda pool, at: record_intervals(pool_id=pool, at=at)
    )


@shared_task
def hours() -> int:
    """Make the hours that are over from their intervals."""
    return job_run(name="usage_hours", step=lambda pool, at: record_hours(pool_id=pool, at=at))


@shared_task
def days() -> int:
    """Make the days that are over, and count what is counted by days."""
    return job_run(name="usage_days", step=lambda pool, at: record_days(pool_id=pool, at=at))


@shared_task
def prune() -> int:
    """Remove what is older than it is kept."""
    return job_run(name="usage_prune", step=lambda _id, at: usage_prune(at=at), ids=[0])


@shared_task
def what_ifs() -> bool:
    """Answer the oldest question about other licences, if nobody is at one."""
    what_if = what_if_claim(at=clock.now())
    return what_if is not None and what_if_answer(what_if=what_if)
