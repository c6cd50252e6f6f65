"""The state file: a killed and restarted simulator goes on with the groups it had.

SQLite in WAL mode without syncing: each change is one small write that survives the death of the process (not of
the machine, which a simulator need not). Without a file the same calls do nothing.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from jira_sync.simulator.model import Event, Grant, Group, Person, Product, Webhook

SCHEMA = """
CREATE TABLE IF NOT EXISTS people (account_id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS groups (group_id TEXT PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS members (group_id TEXT, account_id TEXT, PRIMARY KEY (group_id, account_id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS products (key TEXT PRIMARY KEY, seats INTEGER, highest_used INTEGER);
CREATE TABLE IF NOT EXISTS events (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS webhooks (number INTEGER PRIMARY KEY, document TEXT NOT NULL);
"""
TABLES = ("people", "groups", "members", "products", "events", "webhooks")


class Storage:
    """Keeps nothing: the simulator without ``--state``. Also the interface of the file-backed one."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        yield

    def run(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        """Write rows with one statement; nothing to do without a file."""

    def save_person(self, person: Person) -> None:
        self.save_people([person])

    def save_people(self, people: Iterable[Person]) -> None:
        self.run(
            "REPLACE INTO people VALUES (?, ?)",
            ((p.account_id, json.dumps(asdict(p))) for p in people),
        )

    def save_group(self, group: Group) -> None:
        self.run("REPLACE INTO groups VALUES (?, ?)", [(group.group_id, _group_document(group))])

    def save_membership(self, group: Group, account_id: str) -> None:
        present = account_id in group.members
        statement = (
            "INSERT OR IGNORE INTO members VALUES (?, ?)"
            if present
            else "DELETE FROM members WHERE group_id = ? AND account_id = ?"
        )
        self.run(statement, [(group.group_id, account_id)])

    def delete_group(self, group: Group) -> None:
        self.run("DELETE FROM groups WHERE group_id = ?", [(group.group_id,)])

    def save_product(self, product: Product) -> None:
        row = (product.key, product.seats, product.highest_used)
        self.run("REPLACE INTO products VALUES (?, ?, ?)", [row])

    def save_event(self, event: Event, *, kept: int) -> None:
        """Add an event and drop the one that falls out of the last ``kept``."""
        self.run("DELETE FROM events WHERE number <= ?", [(event.number - kept,)])
        self.run("INSERT INTO events VALUES (?, ?)", [(event.number, json.dumps(asdict(event)))])

    def save_webhook(self, webhook: Webhook) -> None:
        self.run(
            "REPLACE INTO webhooks VALUES (?, ?)", [(webhook.number, json.dumps(asdict(webhook)))]
        )

    def delete_webhook(self, number: int) -> None:
        self.run("DELETE FROM webhooks WHERE number = ?", [(number,)])

    def replace_all(
        self, people: Iterable[Person], groups: Iterable[Group], products: Iterable[Product]
    ) -> None:
        """Forget everything and write a whole organisation."""
        with self.transaction():
            for table in TABLES:
                self.run(f"DELETE FROM {table}", [()])  # noqa: S608 - fixed names
            self.save_people(people)
            for group in groups:
                self.save_group(group)
                for account_id in group.members:
                    self.save_membership(group, account_id)
            for product in products:
                self.save_product(product)

    def close(self) -> None:
        """Release the file."""


class FileStorage(Storage):
    """Keeps the state in one SQLite file."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._db = sqlite3.connect(path, isolation_level=None, timeout=0)
        # One process at a time: a second one on the same file is told so when it starts.
        self._db.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._db.execute("PRAGMA journal_mode = WAL")
        self._db.execute("PRAGMA synchronous = OFF")
        self._db.executescript(SCHEMA)
        self._depth = 0

    @contextmanager
    def transaction(self) -> Iterator[None]:
        if self._depth == 0:
            self._db.execute("BEGIN")
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1
            if self._depth == 0:
                self._db.execute("COMMIT")

    def run(self, statement: str, rows: Iterable[tuple[Any, ...]]) -> None:
        self._db.executemany(statement, rows)

    @property
    def empty(self) -> bool:
        return self._db.execute("SELECT 1 FROM people LIMIT 1").fetchone() is None

    def people(self) -> list[Person]:
        return [
            _person(json.loads(text)) for (text,) in self._db.execute("SELECT document FROM people")
        ]

    def groups(self) -> list[Group]:
        groups = [
            _group(json.loads(text)) for (text,) in self._db.execute("SELECT document FROM groups")
        ]
        by_id = {group.group_id: group for group in groups}
        for group_id, account_id in self._db.execute("SELECT group_id, account_id FROM members"):
            by_id[group_id].members.add(account_id)
        return groups

    def products(self) -> list[Product]:
        return [
            Product(*row)
            for row in self._db.execute("SELECT key, seats, highest_used FROM products")
        ]

    def events(self) -> list[Event]:
        rows = self._db.execute("SELECT document FROM events ORDER BY number")
        return [Event(**json.loads(text)) for (text,) in rows]

    def webhooks(self) -> list[Webhook]:
        rows = self._db.execute("SELECT document FROM webhooks ORDER BY number")
        documents = [json.loads(text) for (text,) in rows]
        return [
            Webhook(**document | {"events": tuple(document["events"])}) for document in documents
        ]

    def close(self) -> None:
        self._db.close()


def _group_document(group: Group) -> str:
    return json.dumps(
        {
            "group_id": group.group_id,
            "name": group.name,
            "description": group.description,
            "grants": [asdict(grant) for grant in group.grants],
            "platform_roles": group.platform_roles,
            "default_for": group.default_for,
            "external": group.external,
            "searchable_from": group.searchable_from,
            "highest_members": group.highest_members,
        }
    )


def _group(document: dict[str, Any]) -> Group:
    return Group(**document | {"grants": [Grant(**grant) for grant in document["grants"]]})


def _person(document: dict[str, Any]) -> Person:
    return Person(**document | {"direct": [Grant(**grant) for grant in document["direct"]]})
