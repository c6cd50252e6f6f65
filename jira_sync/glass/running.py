"""Carrying break glass out, in pieces that any worker can do: a row before each call, the answer in the row."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import ngettext

from ium.directory.models import User
from ium.lib import clock
from jira_sync.client.errors import JiraError, LicenceLimitReached, RateLimited
from jira_sync.client.interface import JiraDirectory
from jira_sync.connections import directory_of
from jira_sync.glass.selectors import UNFINISHED, glass_counts, people_of
from jira_sync.models import BreakGlass, GlassMember, GlassState
from jira_sync.services.health import note_answer, note_failure
from jira_sync.sync.claims import Claim, ClaimLostError
from jira_sync.sync.members import consequence_of, delay_of, set_member, waiting_message
from slots.models import Event
from slots.services.journal import journal_write

PIECE = timedelta(seconds=20)
READING_TIME = timedelta(minutes=5)
UNCLEAR_ATTEMPT = 2
SITE_DOWN_DELAY = 15.0
NO_LICENCE_DELAY = 60.0
REFUSED_DELAY = 600.0
BATCH = 500


def glass_continue(*, glass_id: int) -> float | None:
    """Do a piece of an action. Returns in how many seconds the next piece may follow.

    None: nothing is left to do, or somebody else is at it. Repeatable and safe at any time.
    """
    unfinished = BreakGlass.objects.filter(state__in=UNFINISHED)
    claim = Claim.take(unfinished, glass_id, clock.now())
    if claim is None:
        return None
    glass = BreakGlass.objects.select_related("pool__site", "group").get(pk=glass_id)
    claim.rows = BreakGlass.objects.filter(state=glass.state)
    try:
        return _piece(glass, claim)
    except ClaimLostError:
        return _let_go(claim)
    except JiraError as error:
        return _wait(glass, claim, error)


def _piece(glass: BreakGlass, claim: Claim) -> float | None:
    if glass.pool.site.is_down:
        return _pause(claim, SITE_DOWN_DELAY, glass.pool.site.connection_message)
    deadline = clock.now() + PIECE
    giving = glass.state == GlassState.GIVING
    if giving and not glass.members.exists():
        _prepare(glass, claim)
    if not giving:  # refused before: their turn has come again
        glass.members.exclude(error="").update(error="")
    work = _Work(glass, claim, directory_of(glass.pool.site))
    if not (work.give(deadline) if giving else work.take(deadline)):
        return _pause(claim, 0.0, "")
    if not giving and (refused := glass.members.exclude(error="").filter(wanted_in=True).count()):
        return _try_refused_later(claim, refused)
    _finish(glass, claim)
    return None


def _prepare(glass: BreakGlass, claim: Claim) -> None:
    """Write a row for every person, with whether they are in the group already: those are left alone for ever."""
    claim.renew(clock.now(), READING_TIME)
    members = directory_of(glass.pool.site).iter_members(glass.group.group_id)
    inside = {person.account_id for person in members}
    with transaction.atomic():
        claim.update(message="")
        GlassMember.objects.bulk_create(
            [_row(glass, user, inside) for user in people_of(glass.pool).iterator()],
            batch_size=BATCH,
        )


def _row(glass: BreakGlass, user: User, inside: set[str]) -> GlassMember:
    is_member = user.account_id in inside
    return GlassMember(
        glass=glass, user=user, wanted_in=False, done=is_member, was_member=is_member
    )


class _Work:
    """One worker's part of an action."""

    def __init__(self, glass: BreakGlass, claim: Claim, directory: JiraDirectory) -> None:
        self._glass = glass
        self._claim = claim
        self._directory = directory
        self._answered = False

    def give(self, deadline: datetime) -> bool:
        """Put people into the group; return whether nobody is left."""
        # Untried people first: somebody about whom Jira gives no clear answer must not hold up the others.
        left = self._glass.members.filter(done=False, was_member=False, error="")
        return self._each(left.order_by("wanted_in", "pk"), deadline, member=True)

    def take(self, deadline: datetime) -> bool:
        """Take those out of the group whom this action may have put there; return whether nobody is left."""
        left = self._glass.members.filter(wanted_in=True, was_member=False, error="")
        return self._each(left.order_by("pk"), deadline, member=False)

    def _each(self, left: "QuerySet[GlassMember]", deadline: datetime, *, member: bool) -> bool:
        while row := left.select_related("user").first():
            if clock.now() >= deadline:
                return False
            self._claim.renew(clock.now())
            self._change(row, member=member)
        return True

    def _change(self, row: GlassMember, *, member: bool) -> None:
        """Write what is wanted, call, write what came of it. An action that was ended meanwhile stops here."""
        again = member and row.wanted_in
        self._want(row)
        try:
            set_member(
                self._directory,
                self._glass.group.group_id,
                str(row.user.account_id),
                member=member,
                again=again,
            )
        except JiraError as error:
            self._note_error(row, error)
            return
        GlassMember.objects.filter(pk=row.pk).update(done=True, wanted_in=member, error="")
        if not self._answered:
            self._answered = True
            note_answer(site_id=self._glass.pool.site_id, at=clock.now())

    def _want(self, row: GlassMember) -> None:
        rows = GlassMember.objects.filter(pk=row.pk, glass__in=self._claim.rows)
        if not rows.update(wanted_in=True):
            raise ClaimLostError

    def _note_error(self, row: GlassMember, error: JiraError) -> None:
        is_personal = consequence_of(error, 0) == "person"
        if not is_personal or isinstance(error, LicenceLimitReached):
            raise error
        GlassMember.objects.filter(pk=row.pk).update(error=error.message)


def _wait(glass: BreakGlass, claim: Claim, error: JiraError) -> float | None:
    """Nothing ends a break glass but its end: whatever is wrong is told, and tried again."""
    concerns_site = error.affects == "site" and not isinstance(error, RateLimited)
    if concerns_site:
        note_failure(site_id=glass.pool.site_id, error=error, at=clock.now())
    if consequence_of(error, 0) == "wait":
        return _pause(claim, delay_of(error, UNCLEAR_ATTEMPT), waiting_message(error))
    return _pause(claim, NO_LICENCE_DELAY, waiting_message(error))


def _try_refused_later(claim: Claim, refused: int) -> float | None:
    """Access that could not be taken back costs a licence: do not call that the end."""
    message = ngettext(
        "%(number)d person could not be taken out of the group yet; IUM keeps trying.",
        "%(number)d people could not be taken out of the group yet; IUM keeps trying.",
        refused,
    )
    return _pause(claim, REFUSED_DELAY, message % {"number": refused})


def _pause(claim: Claim, delay: float, message: str) -> float | None:
    wait_until = clock.now() + timedelta(seconds=delay) if delay else None
    try:
        claim.update(claimed_until=wait_until, message=message)
    except ClaimLostError:
        return _let_go(claim)
    return delay


def _let_go(claim: Claim) -> float | None:
    """Give a claim back that is still ours, when the action was ended while we were giving."""
    claim.rows = BreakGlass.objects.filter(state__in=UNFINISHED)
    try:
        claim.update(claimed_until=None)
    except ClaimLostError:
        return None
    return 0.0


@transaction.atomic
def _finish(glass: BreakGlass, claim: Claim) -> None:
    giving = glass.state == GlassState.GIVING
    at, counts = clock.now(), glass_counts(glass)
    message = ngettext(
        "%(number)d person could not be given access.",
        "%(number)d people could not be given access.",
        counts.failed,
    ) % {"number": counts.failed}
    claim.update(
        state=GlassState.GIVEN if giving else GlassState.ENDED,
        ended_at=None if giving else at,
        claimed_until=None,
        message=message if giving and counts.failed else "",
    )
    journal_write(
        event=Event.GLASS_ON if giving else Event.GLASS_OFF,
        at=at,
        pool=glass.pool,
        reason="given" if giving else "ended",
        group=glass.group.name,
        people=counts.people,
        were_members=counts.were_members,
        failed=counts.failed,
    )
