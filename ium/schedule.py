"""Which jobs run how often: written once, then the administrator's to edit."""

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Job:
    """A periodic job: its task, its period in seconds, and what it is for."""

    name: str
    task: str
    seconds: int
    description: str
    queue: str | None = None


JOBS = (
    Job(
        "Sweep",
        "slots.tasks.sweep",
        10,
        "Takes slots that were warned and whose removal is due. How often a pool is swept is set in its configuration.",
    ),
    Job(
        "Warnings",
        "slots.tasks.sweep_warn",
        10,
        "Warns inactive holders one minute before their pool's sweep.",
    ),
    Job("Upkeep", "slots.tasks.upkeep", 10, "Grants not taken up, people who stopped waiting."),
    Job(
        "Activity intake",
        "ium.tasks.observe",
        30,
        "Notes that activity can be received; after a gap inactivity counts anew.",
    ),
    Job(
        "Unfinished Jira calls",
        "jira_sync.tasks.carry_out_unfinished",
        10,
        "Repeats slot changes that Jira has not confirmed.",
        queue="jira",
    ),
    Job(
        "Reconciler",
        "jira_sync.tasks.reconcile",
        300,
        "Compares every pool with its access group.",
        queue="jira",
    ),
    Job(
        "People",
        "jira_sync.tasks.sync_people",
        600,
        "Reads the members of the user groups.",
        queue="jira",
    ),
    Job(
        "Jira connection",
        "jira_sync.tasks.probe",
        15,
        "Tries a site that did not answer again, so that everything goes on by itself.",
        queue="jira",
    ),
)


def schedules_ensure(**_: Any) -> None:
    """Write the schedules that are missing. What an administrator changed stays as it is."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    for job in JOBS:
        interval, _created = IntervalSchedule.objects.get_or_create(
            every=job.seconds, period=IntervalSchedule.SECONDS
        )
        PeriodicTask.objects.get_or_create(
            name=job.name,
            defaults={
                "task": job.task,
                "interval": interval,
                "description": job.description,
                "queue": job.queue,
                # After an outage the backlog is dropped: one run does the work of twenty.
                "expire_seconds": max(2, job.seconds - 1),
            },
        )
