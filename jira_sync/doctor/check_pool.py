"""Checks of a pool: its numbers, its switches, and the people in its groups."""

from collections.abc import Iterable, Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.directory.models import Group, User
from jira_sync.doctor.facts import PoolFacts
from jira_sync.doctor.group_use import Role, gives_licence, groups_in_use
from jira_sync.doctor.licence_sum import sum_of, takes_seat
from jira_sync.doctor.registry import Problem, check
from jira_sync.doctor.suitability import role_name
from jira_sync.models import BreakGlass, GlassState, Severity
from slots.models import LicencePool
from slots.models.pool import TEST_INACTIVITY_MINUTES

NAMES = 5


@check("licences_over_possible", "pool")
def licences_over_possible(facts: PoolFacts) -> Iterator[Problem]:
    """More licences assigned than there are."""
    total = sum_of(facts)
    if not total.fits:
        yield Problem(
            severity=Severity.ERROR,
            what=_("%(pool)s has more licences assigned than possible: %(sum)s.")
            % {"pool": facts.pool, "sum": total.sentence},
            why=_(
                "Atlassian refuses the last slots, or bills more licences than you meant to buy."
            ),
            fix=_("Assign at most %(possible)d licences, or buy more.")
            % {"possible": max(0, total.possible or 0)},
        )


@check("strangers_in_access_group", "pool")
def strangers_in_access_group(facts: PoolFacts) -> Iterator[Problem]:
    """Members of the access group that IUM did not put there."""
    strangers = _strangers(facts)
    if strangers:
        yield Problem(
            severity=Severity.WARNING,
            subject=facts.pool.access_group.group_id,
            what=ngettext(
                "%(n)d member of the access group of %(pool)s was not put there by IUM: %(names)s.",
                "%(n)d members of the access group of %(pool)s were not put there by IUM: %(names)s.",
                len(strangers),
            )
            % {
                "n": len(strangers),
                "pool": facts.pool,
                "names": _names(strangers),
            },
            why=_(
                "Each uses a licence all the time, beyond the assigned ones. IUM never removes them."
            ),
            fix=_(
                "Take them out of the group in Jira; give people with a fixed licence another group."
            ),
        )


def _strangers(facts: PoolFacts) -> list[str]:
    """Return the names of members who have no slot. Whoever got or lost one during the reading is no stranger."""
    before = facts.holder_ids()
    members = facts.site.members(facts.access_group())
    ours = before | facts.holder_ids()
    return [person.name for person in members if person.account_id not in ours]


@check("users_with_own_licence", "pool", costly=True)
def users_with_own_licence(facts: PoolFacts) -> Iterator[Problem]:
    """IUM users who have a licence through another group as well."""
    users = _ium_users(facts.pool)
    for group in _other_licensing_groups(facts) if users else ():
        people = [one.account_id for one in facts.site.members(group) if takes_seat(one)]
        found = [users[account_id] for account_id in people if account_id in users]
        if found:
            yield Problem(
                severity=Severity.WARNING,
                subject=group.group_id,
                what=ngettext(
                    "%(n)d IUM user of %(pool)s has a licence through the group “%(group)s” too: %(names)s.",
                    "%(n)d IUM users of %(pool)s have a licence through the group “%(group)s” too: %(names)s.",
                    len(found),
                )
                % {"n": len(found), "pool": facts.pool, "group": group, "names": _names(found)},
                why=_("Taking their slot frees no licence: they keep the other one."),
                fix=_(
                    "Take them out of that group, or out of the source groups if the licence is theirs."
                ),
            )


def _ium_users(pool: LicencePool) -> dict[str, str]:
    """Return the names of the pool's IUM users by account id, as they were last read."""
    users = User.objects.filter(memberships__group_id=pool.user_group_id, is_protected=False)
    rows = users.exclude(account_id=None).values_list("account_id", "display_name")
    return {str(account_id): name for account_id, name in rows}


def _other_licensing_groups(facts: PoolFacts) -> list[Group]:
    """Return the groups that give the product a licence and are no pool's access group."""
    ours = set(LicencePool.objects.values_list("access_group_id", flat=True))
    # The user group itself is another finding, and break glass gives licences on purpose.
    ours.add(facts.pool.user_group_id)
    ours |= {glass.group_id for glass in BreakGlass.objects.exclude(state=GlassState.ENDED)}
    return [
        group
        for pk, group in sorted(facts.site.groups().items())
        if pk not in ours
        and group.missing_since is None
        and gives_licence(group, facts.pool.product)
    ]


def _names(names: Iterable[str]) -> str:
    listed = sorted(names)
    text = ", ".join(listed[:NAMES])
    more = len(listed) - NAMES
    return text if more <= 0 else _("%(names)s and %(n)d more") % {"names": text, "n": more}


@check("pools_share_group", "pool")
def pools_share_group(facts: PoolFacts) -> Iterator[Problem]:
    """A group with two purposes that exclude each other."""
    for group, role, other_role, other in _conflicts(facts.pool):
        yield Problem(
            severity=Severity.ERROR if role == "access" else Severity.WARNING,
            subject=f"{group.group_id} {other_role} {other}",
            what=_("The group “%(group)s” is %(role)s of %(pool)s and %(other)s of %(other_pool)s.")
            % {
                "group": group,
                "role": role_name(role),
                "pool": facts.pool,
                "other": role_name(other_role),
                "other_pool": LicencePool.objects.get(pk=other),
            },
            why=_("What one pool does to the group changes the other pool as well."),
            fix=_("Give each pool groups of its own."),
        )


def _conflicts(pool: LicencePool) -> Iterator[tuple[Group, Role, Role, int]]:
    """Yield groups of the pool with their role in it, and another role in a pool (pk) that does not go with it.

    Source groups may feed several pools; a user group that two pools share is told once, at the older pool.
    """
    uses = groups_in_use(pool.site)
    for role, other in sorted(uses.get(pool.access_group_id, set()) - {("access", pool.pk)}):
        yield pool.access_group, "access", role, other
    for role, other in sorted(uses.get(pool.user_group_id, set())):
        if role == "source" or (role == "user" and other > pool.pk):
            yield pool.user_group, "user", role, other


@check("group_of_other_site", "pool")
def group_of_other_site(facts: PoolFacts) -> Iterator[Problem]:
    """A group that belongs to another site than the pool."""
    for group in (facts.pool.access_group, facts.pool.user_group):
        if group.site_id != facts.pool.site_id:
            yield Problem(
                severity=Severity.ERROR,
                subject=group.group_id,
                what=_("The group “%(group)s” of %(pool)s belongs to another site.")
                % {"group": group, "pool": facts.pool},
                why=_("IUM looks for it at the wrong place, so no slot can be given."),
                fix=_("Choose a group of %(site)s.") % {"site": facts.pool.site},
            )


@check("pool_off", "pool")
def pool_off(facts: PoolFacts) -> Iterator[Problem]:
    """A pool that is switched off."""
    if not facts.pool.enabled:
        yield Problem(
            severity=Severity.NOTICE,
            what=_("%(pool)s is switched off.") % {"pool": facts.pool},
            why=_("Nobody gets a slot, nobody loses one."),
            fix=_("Switch it on in the IUM Configuration when you are ready."),
        )


@check("dry_run_on", "pool")
def dry_run_on(facts: PoolFacts) -> Iterator[Problem]:
    """A pool that only pretends."""
    if facts.pool.dry_run:
        yield Problem(
            severity=Severity.NOTICE,
            what=_("%(pool)s is in dry run.") % {"pool": facts.pool},
            why=_("What would happen is in the journal; in Jira nothing changes."),
            fix=_("Switch the dry run off in the IUM Configuration when the journal looks right."),
        )


@check("measuring_on", "pool")
def measuring_on(facts: PoolFacts) -> Iterator[Problem]:
    """A pool that only measures."""
    if facts.pool.measuring:
        yield Problem(
            severity=Severity.NOTICE,
            what=_("%(pool)s only measures.") % {"pool": facts.pool},
            why=_("Activity is recorded; nobody gets a slot, nobody loses one."),
            fix=_(
                "End measuring mode in the IUM Configuration when the number of licences is known."
            ),
        )


@check("test_inactivity", "pool")
def test_inactivity(facts: PoolFacts) -> Iterator[Problem]:
    """An inactivity time that is meant for tests."""
    minutes = facts.pool.inactivity_minutes
    if minutes <= TEST_INACTIVITY_MINUTES:
        yield Problem(
            severity=Severity.NOTICE,
            what=_("The inactivity time of %(pool)s is %(minutes)d minutes.")
            % {"pool": facts.pool, "minutes": minutes},
            why=_("5 to 30 minutes are meant for tests: people lose slots during a meeting."),
            fix=_("Choose 60 minutes or more in the IUM Configuration."),
        )
