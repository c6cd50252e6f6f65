"""Jira in the same process: the simulated Jira's own organisation behind IUM's interface to Jira.

What it refuses and how many members a group ever had are the simulator's own decisions and counts. Only the way a
call takes through the network is made up here: see `workers.py`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial

from django.db import connection

from jira_sync.client import errors
from jira_sync.client.interface import (
    CheckResult,
    Grant,
    GroupInfo,
    Person,
    ProductSeats,
    ProjectInfo,
    ServerClock,
)
from jira_sync.simulator import model, refusals
from jira_sync.simulator.organisation import Organisation
from jira_sync.simulator.persistence import Storage
from tests.model.workers import Answer, Call, ask

PRODUCT = "jira-software"
MANY_SEATS = 1000
PAGE = 2
TRANSLATED: dict[type[refusals.Refused], type[errors.JiraError]] = {
    refusals.NoSeatLeft: errors.LicenceLimitReached,
    refusals.ReadOnlyGroup: errors.GroupReadOnly,
    refusals.InactivePerson: errors.UserInactive,
    refusals.UnknownPerson: errors.UserNotFound,
    refusals.UnknownGroup: errors.GroupNotFound,
}


class InProcessJira:
    """One site with its access group, its user group and its administrators (a `JiraDirectory`)."""

    def __init__(self, *, managed: Sequence[str], fixed: Sequence[str]) -> None:
        """Begin with an empty access group. `managed` are in the user group, `fixed` have their own licence."""
        self.access = model.Group("access", "ium-access", grants=[model.Grant(PRODUCT)])
        self.users = model.Group("users", "ium-users", members=set(managed))
        self.admins = model.Group("admins", "site-admins", platform_roles=["atlassian/site-admin"])
        accounts = [*managed, *fixed]
        self.organisation = Organisation(
            people=[model.Person(key, key, f"{key}@example.com") for key in accounts],
            groups=[self.access, self.users, self.admins],
            products=[model.Product(PRODUCT, MANY_SEATS)],
            storage=Storage(),
        )
        self.failing: Callable[[], errors.JiraError] | None = None
        # People somebody else put into the access group, as long as IUM has given them no slot.
        self.outsiders: set[str] = set()
        # Told of every call before it is made.
        self.watch: Callable[[str, str], None] = lambda kind, account_id: None
        # How many changes of membership there were so far, and the last removal of each person.
        self.changes = 0
        self.removed: dict[str, int] = {}
        self.base_depth = len(connection.savepoint_ids)

    # --- What the machine does behind IUM's back ------------------------------------------------

    @property
    def members(self) -> set[str]:
        """Return the account ids in the access group."""
        return self.access.members

    def put_in(self, account_id: str) -> None:
        """Let an administrator add somebody to the access group, past IUM."""
        if account_id not in self.members and self.organisation.person(account_id).active:
            self.organisation.add_member(self.access, account_id, actor="admin", by_provider=True)
            self.outsiders.add(account_id)

    def take_out(self, account_id: str) -> None:
        """Let an administrator remove somebody from the access group, past IUM."""
        self._remove(self.access, account_id, by_provider=True)
        self.outsiders.discard(account_id)

    def set_member(self, group: model.Group, account_id: str, *, member: bool) -> None:
        """Let an administrator change another group."""
        if member and account_id not in group.members:
            if self.organisation.person(account_id).active:
                self.organisation.add_member(group, account_id, actor="admin")
        elif not member and account_id in group.members:
            self.organisation.remove_member(group, account_id, actor="admin")

    # --- JiraDirectory: what IUM calls ----------------------------------------------------------

    def add_member(self, group_id: str, account_id: str) -> None:
        """Put the person into the group."""
        self._ask(Call("add", account_id, lambda: self.answer_to(self._add, account_id)))

    def remove_member(self, group_id: str, account_id: str) -> None:
        """Take the person out of the group."""
        self._ask(Call("remove", account_id, lambda: self.answer_to(self._remove_one, account_id)))

    def is_member(self, group_id: str, account_id: str) -> bool:
        """Read one membership."""
        group = self.organisation.group(group_id)
        look = Call(
            "read", account_id, lambda: self.answer_to(group.members.__contains__, account_id)
        )
        return bool(self._ask(look))

    def iter_members(self, group_id: str) -> Iterator[Person]:
        """Read page by page; each page tells how things are at its own moment."""
        group = self.organisation.group(group_id)
        after = ""
        while True:
            page = self._ask(Call("read", "", partial(self.answer_to, self._page, group, after)))
            assert isinstance(page, list)
            if not page:
                return
            yield from page
            after = page[-1].account_id

    def find_group(
        self, *, name: str | None = None, group_id: str | None = None
    ) -> GroupInfo | None:
        """Return a group: what the probe of a site asks for."""
        found = self.organisation.group(group_id or "")
        info = self._ask(
            Call("read", "", lambda: self.answer_to(GroupInfo, found.group_id, found.name))
        )
        assert isinstance(info, GroupInfo)
        return info

    def admin_account_ids(self) -> frozenset[str]:
        """Return the administrators."""
        found = self._ask(Call("read", "", lambda: self.answer_to(frozenset, self.admins.members)))
        assert isinstance(found, frozenset)
        return found

    def lets_in(self, account_id: str, product: str) -> bool | None:
        """Not used by what is under test."""
        raise NotImplementedError

    def iter_people(self) -> Iterator[Person]:
        """Not used by what is under test."""
        raise NotImplementedError

    def people(self, account_ids: Iterable[str]) -> list[Person]:
        """Not used by what is under test."""
        raise NotImplementedError

    def iter_groups(self) -> Iterator[GroupInfo]:
        """Not used by what is under test."""
        raise NotImplementedError

    def group_grants(self, group_id: str) -> tuple[Grant, ...]:
        """Not used by what is under test."""
        raise NotImplementedError

    def products(self) -> list[ProductSeats]:
        """Not used by what is under test."""
        return []

    def projects(self) -> list[ProjectInfo] | None:
        """Not used by what is under test."""
        return None

    def server_clock(self) -> ServerClock:
        """Not used by what is under test."""
        return ServerClock(datetime.now(UTC), 0.0)

    def check(self, group_ids: Sequence[str] = ()) -> list[CheckResult]:
        """Not used by what is under test."""
        return []

    # --- The way to the organisation and back ---------------------------------------------------

    def _ask(self, call: Call) -> object:
        assert len(connection.savepoint_ids) == self.base_depth, "Jira is called in a transaction"
        self.watch(call.kind, call.account_id)
        answer = ask(call)
        if answer.error is not None:
            raise answer.error
        return answer.value

    def answer_to(self, action: Callable[..., object], *args: object) -> Answer:
        """Do it, and translate a refusal as IUM's clients do."""
        if self.failing is not None:
            return Answer(error=self.failing())
        try:
            return Answer(action(*args))
        except refusals.Refused as refusal:
            return Answer(error=TRANSLATED[type(refusal)]())

    def _add(self, account_id: object) -> None:
        with suppress(refusals.AlreadyMember):
            self.organisation.add_member(self.access, str(account_id), actor="ium")
            self.changes += 1

    def _remove_one(self, account_id: object) -> None:
        self._remove(self.access, str(account_id))

    def _remove(self, group: model.Group, account_id: str, *, by_provider: bool = False) -> None:
        with suppress(refusals.NotMember):
            self.organisation.remove_member(group, account_id, actor="ium", by_provider=by_provider)
            self.changes += 1
            self.removed[account_id] = self.changes

    def _page(self, group: model.Group, after: str) -> list[Person]:
        later = (p for p in self.organisation.members_in_order(group) if p.account_id > after)
        return [
            Person(p.account_id, p.name, p.email, kind="atlassian", active=p.active)
            for _, p in zip(range(PAGE), later, strict=False)
        ]
