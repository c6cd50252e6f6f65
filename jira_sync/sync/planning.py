"""The first half of a run: read, plan, write down every person. Until here nothing is changed anywhere."""

from collections.abc import Callable, Iterable
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext as _

from ium.directory.services import people_upsert
from ium.lib import clock
from jira_sync.client.paging import chunks
from jira_sync.models import EntryAction, EntryState, RunState, SyncEntry, SyncRun, SyncSettings
from jira_sync.services.people import seen
from jira_sync.sync.claims import Claim
from jira_sync.sync.plans import REMOVALS, Plan, Step, make_plan, make_reset_plan, too_many_go
from jira_sync.sync.reading import Reading, SetupError, read, read_users, source_groups_of
from jira_sync.sync.selectors import people_concerned
from slots.models import LicencePool

# Jira REST hands out a group only when it is read completely: 50,000 people may take some minutes.
READING_TIME = timedelta(minutes=5)
BATCH = 500


def plan_run(run: SyncRun, claim: Claim) -> None:
    """Plan a run and leave it planned (dry run), stopped for safety, or applying. Raises JiraError, SetupError."""

    def keep_claim() -> None:
        claim.renew(clock.now(), READING_TIME)

    reading, plan, percent = (_reset if run.reset else _ordinary)(run.pool, keep_claim)
    stops = not run.dry_run and _must_ask(run, plan, percent)
    if not run.dry_run and not stops:
        _mirror_additions(plan, reading)
    _store(run, claim, plan, stops=stops, percent=percent, calls=reading.calls)


def _ordinary(pool: LicencePool, keep_claim: Callable[[], None]) -> tuple[Reading, Plan, int]:
    settings = SyncSettings.objects.filter(pool=pool).first()
    sources = source_groups_of(settings) if settings is not None else []
    if settings is None or not sources:
        raise SetupError(_("There are no source groups. Choose at least one."))
    reading = read(pool=pool, sources=sources, keep_claim=keep_claim)
    plan = make_plan(reading=reading, pool=pool, maximum=settings.maximum_users)
    return reading, plan, settings.largest_loss_percent


def _reset(pool: LicencePool, keep_claim: Callable[[], None]) -> tuple[Reading, Plan, int]:
    reading = read_users(pool=pool, keep_claim=keep_claim)
    return reading, make_reset_plan(reading=reading, mirrored=people_concerned(pool)), 100


def _must_ask(run: SyncRun, plan: Plan, percent: int) -> bool:
    """Whether the safety stop applies: not to those whose removal was already seen and confirmed."""
    agreed = set(run.entries.filter(action__in=REMOVALS).values_list("account_id", flat=True))
    if run.loss_allowed and not agreed:
        return False
    return too_many_go(plan, percent=percent, agreed=agreed if run.loss_allowed else ())


def _mirror_additions(plan: Plan, reading: Reading) -> None:
    """Make the people who will be added known to IUM, with their addresses."""
    for steps in chunks(plan.additions(), BATCH):
        people_upsert(seen(reading.people[step.account_id]) for step in steps if not step.left_out)


@transaction.atomic
def _store(
    run: SyncRun, claim: Claim, plan: Plan, *, stops: bool, percent: int, calls: int
) -> None:
    """Write the plan and what becomes of the run in one transaction; what an earlier plan said is replaced."""
    run.entries.all().delete()
    SyncEntry.objects.bulk_create(_entries(run, plan.steps), batch_size=BATCH)
    over = run.dry_run or stops
    run.state = (
        RunState.STOPPED if stops else RunState.PLANNED if run.dry_run else RunState.APPLYING
    )
    run.message = _message(plan, percent=percent, stops=stops)
    run.finished_at = clock.now() if over else None
    run.looked_at, run.calls = plan.looked_at, run.calls + calls
    if run.dry_run:  # only the last one is worth keeping
        old = run.pool.sync_runs.filter(dry_run=True, state=RunState.PLANNED)
        old.exclude(pk=run.pk).delete()
    claim.update(
        state=run.state,
        message=run.message,
        finished_at=run.finished_at,
        looked_at=run.looked_at,
        calls=run.calls,
    )


def _entries(run: SyncRun, steps: Iterable[Step]) -> Iterable[SyncEntry]:
    for step in steps:
        yield SyncEntry(
            run=run,
            account_id=step.account_id,
            name=step.name[:255],
            action=step.action,
            state=_state(step),
            reason=step.reason.code,
            details=step.reason.text,
        )


def _state(step: Step) -> EntryState:
    if step.left_out:
        return EntryState.SKIPPED
    return EntryState.DONE if step.action == EntryAction.FILTERED else EntryState.PLANNED


def _message(plan: Plan, *, percent: int, stops: bool) -> str:
    if stops:
        return _stop_message(plan, percent)
    return partial_message(len(plan.additions()), plan.left_out()) if plan.left_out() else ""


def partial_message(wanted: int, left_out: int) -> str:
    """Return what a run says that had no room for everybody."""
    return _(
        "Only partial synchronization: %(added)d of %(wanted)d people fit into the allowed number of IUM users."
        " Raise that number, or take people out of the source groups."
    ) % {"added": wanted - left_out, "wanted": wanted}


def _stop_message(plan: Plan, percent: int) -> str:
    going = len(plan.removals())
    message = _(
        "Stopped for safety, nothing was changed: %(going)d of %(users)d IUM users would be removed. More than"
        " %(percent)d %% need an administrator's word: look at who would go, then confirm, or mend the source groups."
    )
    if plan.no_sources:
        message = _(
            "Stopped for safety, nothing was changed: the source groups are empty in Jira, and %(going)d of %(users)d"
            " IUM users would be removed. Look at the source groups; if that is right, confirm."
        )
    return message % {"going": going, "users": plan.users, "percent": percent}
