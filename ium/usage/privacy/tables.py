"""Every table that says something about a person, and what becomes of it when the person is forgotten.

A test walks all tables: one that refers to people and is not named here fails it, so that none can be forgotten.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from django.apps import apps
from django.db.models import Model, QuerySet

from ium.directory.models import User


class Fate(Enum):
    """What becomes of rows when their person is forgotten."""

    # They go.
    REMOVED = auto()
    # They stay and refer to a row of `User` that says nothing any more.
    ANONYMOUS = auto()
    # They keep a person from being forgotten: IUM still has to take somebody out of a group in Jira.
    FIRST = auto()


@dataclass(frozen=True)
class Place:
    """Rows of a model, found by a lookup from the person."""

    model: type[Model]
    lookup: str
    fate: Fate
    # By the person's account id: the table has a copy of it.
    by_account_id: bool = False

    @property
    def name(self) -> str:
        """The name in an export and in FATES."""
        return f"{self.model._meta.label}.{self.lookup}"

    def rows(self, user: User) -> "QuerySet[Model]":
        """Return the rows about a person."""
        value = (user.account_id or "") if self.by_account_id else user.pk
        return self.model._base_manager.filter(**{self.lookup: value}).order_by("pk")


FATES = {
    "account.EmailAddress.user": Fate.REMOVED,
    "socialaccount.SocialAccount.user": Fate.REMOVED,
    "account.EmailConfirmation.email_address__user": Fate.REMOVED,
    "socialaccount.SocialToken.account__user": Fate.REMOVED,
    "admin.LogEntry.user": Fate.ANONYMOUS,
    "directory.User_groups.user": Fate.REMOVED,
    "directory.User_user_permissions.user": Fate.REMOVED,
    "directory.GroupMembership.user": Fate.REMOVED,
    "directory.Device.user": Fate.REMOVED,
    "activity.LastActivity.user": Fate.REMOVED,
    "slots.QueueEntry.user": Fate.ANONYMOUS,
    # Through the entry: an estimate of a wait has no person of its own.
    "slots.WaitEstimate.entry__user": Fate.ANONYMOUS,
    # Append-only: a trigger refuses every change.
    "slots.JournalEntry.user": Fate.ANONYMOUS,
    "slots.JournalEntry.actor": Fate.ANONYMOUS,
    "slots.Slot.holder": Fate.FIRST,
    "slots.SlotLock.user": Fate.REMOVED,
    "slots.SlotSession.user": Fate.ANONYMOUS,
    "jira_sync.SyncRun.started_by": Fate.ANONYMOUS,
    "jira_sync.BreakGlass.started_by": Fate.ANONYMOUS,
    "jira_sync.GlassMember.user": Fate.ANONYMOUS,
    "usage.Import.created_by": Fate.ANONYMOUS,
    "usage.WhatIf.created_by": Fate.ANONYMOUS,
    "usage.ActivitySpan.user": Fate.REMOVED,
    # Who changed a setting.
    "slots.HistoricalLicencePool.history_user": Fate.ANONYMOUS,
    "slots.HistoricalAlertRule.history_user": Fate.ANONYMOUS,
    "slots.HistoricalQueueBranding.history_user": Fate.ANONYMOUS,
    "slots.HistoricalPageRules.history_user": Fate.ANONYMOUS,
    "usage.HistoricalRetention.history_user": Fate.ANONYMOUS,
}
# Tables that hold an account id and a name themselves: both are taken out of the rows.
COPIES = {"jira_sync.SyncEntry": "account_id"}
# Tables that refer to one of the tables above, and say nothing about its person.
NOT_PERSONAL = {
    "jira_sync.SyncEntry",  # of the run that somebody started; its people are among COPIES
    "jira_sync.GlassMember",
    "slots.Slot",  # remembers the wait of its holder
    "usage.ActivitySpan",  # of an import that somebody made
}
THROUGH = {
    "slots.WaitEstimate": "entry__user",
    "account.EmailConfirmation": "email_address__user",
    "socialaccount.SocialToken": "account__user",
}


def places() -> Iterator[Place]:
    """Yield every place where something about a person can be; KeyError for one nobody decided about."""
    for model, field in references():
        name = f"{model._meta.label}.{field}"
        yield Place(model, field, FATES[name])
    for label, lookup in THROUGH.items():
        yield Place(apps.get_model(label), lookup, FATES[f"{label}.{lookup}"])
    for label, column in COPIES.items():
        yield Place(apps.get_model(label), column, Fate.ANONYMOUS, by_account_id=True)


def references() -> Iterator[tuple[type[Model], str]]:
    """Yield every column of every table that refers to a person."""
    for model in apps.get_models(include_auto_created=True):
        if model._meta.proxy or model is User:
            continue
        for field in model._meta.concrete_fields:
            target = field.related_model
            if isinstance(target, type) and target._meta.concrete_model is User:
                yield model, field.name
