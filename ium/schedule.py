"""Which jobs run how often: written once, then the administrator's to edit."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings


@dataclass(frozen=True)
class Job:
    """A periodic job: its task, its period in seconds, and what it is for.

    With `hour` it runs once a day at that hour (in IUM's time zone) instead.
    """

    name: str
    task: str
    seconds: int
    description: str
    queue: str | None = None
    hour: int | None = None


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
        "Notices",
        "slots.tasks.notices",
        30,
        "Tells administrators when people wait longer than a pool's limit, and when it is over.",
        # Mail and webhooks may be slow: they must not hold up the sweep.
        queue="jira",
    ),
    Job(
        "Alerts",
        "ium.tasks.watch_alerts",
        60,
        "Looks whether what the alerts ask about is so.",
        # Not with the sweep: one of them is that sweeps do not run.
        queue="jira",
    ),
    Job(
        "Totals",
        "ium.tasks.advance_totals",
        60,
        "Counts what happened into the totals that Prometheus reads.",
    ),
    Job(
        "Expected waits",
        "slots.tasks.wait_estimates",
        30,
        "Notes what people were told about their wait, and what came of it.",
    ),
    Job(
        "Old records",
        "slots.tasks.prune_records",
        3600,
        "Removes waits, estimates and stays older than IUM_RECORD_DAYS.",
    ),
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
        "Projects",
        "jira_sync.tasks.sync_projects",
        900,
        "Reads which type each Jira project has: pages of some need no slot.",
        queue="jira",
    ),
    Job(
        "User sync",
        "jira_sync.tasks.sync_due",
        60,
        "Starts user syncs that are due, and goes on with runs that were interrupted.",
        queue="jira",
    ),
    Job(
        "Break glass",
        "jira_sync.tasks.glass_due",
        30,
        "Goes on with break-glass actions that were interrupted.",
        queue="jira",
    ),
    Job(
        "Jira connection",
        "jira_sync.tasks.probe",
        15,
        "Tries a site that did not answer again, so that everything goes on by itself.",
        queue="jira",
    ),
    Job(
        "Configuration check",
        "jira_sync.tasks.check_configuration",
        86_400,
        "Looks for everything that is wrong with the configuration, every night.",
        queue="jira",
        hour=2,
    ),
    Job(
        "Configuration check, quick",
        "jira_sync.tasks.check_configuration_quickly",
        3600,
        "The part of the configuration check that costs few calls.",
        queue="jira",
    ),
    Job(
        "Webhook events",
        "jira_sync.tasks.prune_webhook_events",
        3600,
        "Forgets events of Jira's webhooks that cannot come again.",
        queue="jira",
    ),
    Job(
        "Mail about problems",
        "jira_sync.tasks.mail_findings",
        300,
        "Tells administrators by mail what is wrong, once a day while it lasts, and when it is over.",
        queue="jira",
    ),
    Job(
        "Usage",
        "ium.usage.tasks.record",
        60,
        "Notes when people were active, and how many slots were used in the five minutes that are over.",
    ),
    Job(
        "Usage by hours",
        "ium.usage.tasks.hours",
        300,
        "Sums up the use of slots by hours.",
    ),
    Job(
        "Usage by days",
        "ium.usage.tasks.days",
        3600,
        "Sums up the use of slots by days; counts refusals, lengths of stays and waits, people by source.",
    ),
    Job(
        "What-if",
        "ium.usage.tasks.what_ifs",
        15,
        "Answers questions about other numbers of licences, one at a time.",
        # May take minutes: it must not hold up the sweep.
        queue="jira",
    ),
    Job(
        "Accounts",
        "ium.tasks.check_accounts",
        86_400,
        "Forgets people whose Atlassian account is closed, and takes over changed names.",
        queue="jira",
        hour=4,
    ),
    Job(
        "Old usage",
        "ium.usage.tasks.prune",
        86_400,
        "Removes activity, stays, waits and sums that are older than the retention settings say.",
        hour=4,
    ),
    Job(
        "Old sessions",
        "ium.tasks.clear_sessions",
        86_400,
        "Deletes the sessions of browsers that ended, and of sign-ins that were begun and left.",
        hour=3,
    ),
)


def schedules_ensure(**_: Any) -> None:
    """Write the schedules that are missing. What an administrator changed stays as it is."""
    from django_celery_beat.models import PeriodicTask

    for job in JOBS:
        PeriodicTask.objects.get_or_create(
            name=job.name,
            defaults={
                "task": job.task,
                "description": job.description,
                "queue": job.queue,
                # After an outage the backlog is dropped: one run does the work of twenty.
                "expire_seconds": max(2, job.seconds - 1),
                **_when(job),
            },
        )


def _when(job: Job) -> dict[str, Any]:
    """Return the schedule of a job, as the column of PeriodicTask that holds it."""
    from django_celery_beat.models import CrontabSchedule, IntervalSchedule

    if job.hour is None:
        interval, _created = IntervalSchedule.objects.get_or_create(
            every=job.seconds, period=IntervalSchedule.SECONDS
        )
        return {"interval": interval}
    night, _created = CrontabSchedule.objects.get_or_create(
        minute="17",
        hour=str(job.hour),
        day_of_week="*",
        day_of_month="*",
        month_of_year="*",
        timezone=settings.TIME_ZONE,
    )
    return {"crontab": night}
