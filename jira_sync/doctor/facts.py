"""What checks look at. Jira is asked for each thing once per run, and a failure is remembered like an answer."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast

from ium.directory.models import Group, Site
from jira_sync.client.errors import ConnectionIncomplete, JiraError, JiraUnreachable
from jira_sync.client.interface import JiraDirectory, Person, ProductSeats, ServerClock
from jira_sync.connections import directory_of
from jira_sync.doctor.credentials import Credential, connect, credentials_of
from jira_sync.models import SyncSettings
from jira_sync.services.groups import GroupsRead, groups_refresh
from slots.models import LicencePool, Slot

T = TypeVar("T")


@dataclass(frozen=True)
class InstallationFacts:
    """The moment of the check; the rest is in the database."""

    at: datetime


class SiteFacts:
    """A site as Jira has it now. Methods that ask Jira raise JiraError."""

    def __init__(self, site: Site, at: datetime) -> None:
        """Ask nothing yet."""
        self.site = site
        self.at = at
        self.credentials = credentials_of(site)
        self._known: dict[Hashable, Any] = {}

    def key_errors(self) -> list[tuple[Credential, JiraError | None]]:
        """Return every credential with what is wrong with it. One small read for each."""
        return self._once("keys", lambda: [(one, _tried(one)) for one in self.credentials])

    def refresh(self) -> GroupsRead:
        """Bring the mirror of the groups up to date; names of used groups stay as they are known."""
        return self._ask(
            "groups",
            lambda: groups_refresh(site_id=self.site.pk, at=self.at, take_over_names=False),
        )

    def groups(self) -> dict[int, Group]:
        """Return all groups by primary key, as Jira has them now."""
        self.refresh()
        return self._once("rows", lambda: {group.pk: group for group in self.site.groups.all()})

    def members(self, group: Group) -> list[Person]:
        """Return everybody in a group."""
        return self._ask(
            ("members", group.pk), lambda: list(self.directory().iter_members(group.group_id))
        )

    def seats(self) -> list[ProductSeats]:
        """Return the licences per product; empty where the credentials cannot tell."""
        return self._ask("seats", lambda: self.directory().products())

    def clock(self) -> ServerClock:
        """Return Jira's clock."""
        return self._ask("clock", lambda: self.directory().server_clock())

    def directory(self) -> JiraDirectory:
        """Return the client that IUM works with."""
        try:
            return directory_of(self.site)
        except ValueError as error:
            raise ConnectionIncomplete("cannot be used", message=str(error)) from None

    def _ask(self, name: Hashable, read: Callable[[], T]) -> T:
        """Ask Jira, unless it is known that nobody answers: an outage must not cost a time-out per question."""
        errors = [error for _, error in self.key_errors()]
        if errors and all(isinstance(error, JiraUnreachable) for error in errors):
            raise cast("JiraError", errors[0])
        return self._once(name, read)

    def _once(self, name: Hashable, read: Callable[[], T]) -> T:
        if name not in self._known:
            try:
                self._known[name] = read()
            except JiraError as error:
                self._known[name] = error
        if isinstance(found := self._known[name], JiraError):
            raise found
        return cast("T", found)


class PoolFacts:
    """A pool, with the site it belongs to."""

    def __init__(self, pool: LicencePool, site: SiteFacts) -> None:
        """Ask nothing yet."""
        self.pool = pool
        self.site = site
        self.at = site.at

    def access_group(self) -> Group:
        """Return the access group as Jira has it now."""
        return self.site.groups().get(self.pool.access_group_id, self.pool.access_group)

    def user_group(self) -> Group:
        """Return the user group as Jira has it now."""
        return self.site.groups().get(self.pool.user_group_id, self.pool.user_group)

    def source_groups(self) -> list[Group]:
        """Return the source groups as Jira has them now."""
        rows = self.site.groups()
        return [rows[pk] for pk in self.source_group_ids() if pk in rows]

    def source_group_ids(self) -> list[int]:
        """Return the primary keys of the source groups."""
        chosen = SyncSettings.source_groups.through.objects.filter(
            syncsettings__pool_id=self.pool.pk
        )
        return sorted(chosen.values_list("group_id", flat=True))

    def holder_ids(self) -> set[str]:
        """Return the account ids of everybody who has, gets or loses a slot now."""
        used = Slot.objects.used().filter(pool_id=self.pool.pk)
        return {str(key) for key in used.values_list("holder__account_id", flat=True)}


def _tried(credential: Credential) -> JiraError | None:
    try:
        next(iter(connect(credential.connection).iter_groups()), None)
    except JiraError as error:
        return error
    return None
