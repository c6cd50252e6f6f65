"""Why one person is or is not an IUM user: asked at Jira now."""

from collections.abc import Callable, Iterator
from functools import partial

from django.utils.translation import gettext as _

from jira_sync.client.interface import JiraDirectory, Person
from jira_sync.connections import directory_of
from jira_sync.models import SyncSettings
from jira_sync.services.groups import gives_licence
from jira_sync.sync.filters import filter_of
from jira_sync.sync.people_reading import people_reader
from jira_sync.sync.reading import Reading, owned_groups, put_in_by_glass, source_groups_of
from slots.models import LicencePool

MemberOf = Callable[[str], bool]


def why(*, pool: LicencePool, account_id: str) -> list[str]:
    """Return sentences: whether the sync wants the person, what filters them out, where they are now.

    A handful of reads, whatever the size of the site. Raises JiraError.
    """
    directory = directory_of(pool.site)
    person = next(iter(directory.people([account_id])), None)
    if person is None:
        return [_("Jira does not know this account in the site's user directory.")]
    member_of = _membership(directory, person)
    reading = _reading_of(person, pool, member_of, directory)
    return list(_sentences(person, pool, reading))


def _membership(directory: JiraDirectory, person: Person) -> MemberOf:
    """Tell groups by the list that came with the person, else by one call per group."""
    if person.groups is not None:
        return {group.group_id for group in person.groups}.__contains__
    return partial(_is_member, directory, person.account_id)


def _is_member(directory: JiraDirectory, account_id: str, group_id: str) -> bool:
    return directory.is_member(group_id, account_id)


def _reading_of(
    person: Person, pool: LicencePool, member_of: MemberOf, directory: JiraDirectory
) -> Reading:
    """Read about one person what a run reads about everybody."""
    reading = Reading(people={person.account_id: person})
    settings = SyncSettings.objects.filter(pool=pool).first()
    for group in source_groups_of(settings) if settings is not None else []:
        if member_of(group.group_id):
            reading.sources.setdefault(person.account_id, group.name)
    if member_of(pool.user_group.group_id):
        reading.users.add(person.account_id)
    reading.administrators = directory.admin_account_ids()
    _read_licence(reading, person, pool, member_of)
    return reading


def _read_licence(reading: Reading, person: Person, pool: LicencePool, member_of: MemberOf) -> None:
    for group in pool.site.groups.exclude(pk__in=owned_groups(pool)).order_by("name", "pk"):
        gives = gives_licence(group, pool.product)
        if gives and person.account_id not in put_in_by_glass(group) and member_of(group.group_id):
            reading.licensed.setdefault(person.account_id, group.name)
    if people_reader(pool.site).has_own_licence(person.account_id, pool.product):
        reading.own_licence.add(person.account_id)


def _sentences(person: Person, pool: LicencePool, reading: Reading) -> Iterator[str]:
    source = reading.sources.get(person.account_id)
    reason = filter_of(person.account_id, reading, pool)
    is_user = person.account_id in reading.users
    yield (
        _("Is in the source group “%(group)s”.") % {"group": source}
        if source
        else _("Is in no source group.")
    )
    if reason is not None:
        yield reason.text
    yield _("Is an IUM user.") if is_user else _("Is no IUM user.")
    wanted = source is not None and reason is None
    untouchable = reason is not None and reason.untouchable
    if wanted and not is_user:
        yield _("The next run adds this person, if there is room.")
    if is_user and not wanted and not untouchable:
        yield _("The next run takes this person out.")
