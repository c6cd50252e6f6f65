"""Who asks in the table of rights, what they ask for, and what became of it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib import admin
from django.db import connection, transaction
from django.db.models import Model
from django.test import Client

from ium.directory.models import User
from tests.security.conftest import administrator, staff

CALLERS = ("anonymous", "user", "staff", "viewer", "admin")
# A row with which something can be done, where the first may not be one.
CHOSEN = {"slots.QueueEntry": {"closed_at": None}}
# Signing in and out changes nothing that belongs to anybody else.
OWN = ("django_session", "last_login")


def callers(user: User) -> dict[str, Client]:
    """Return a browser for each column of the table; `user` is an IUM user without rights in IUM."""
    people = {
        "user": user,
        "staff": staff("staff"),
        "viewer": staff("viewer", "view_"),
        "admin": administrator(),
    }
    browsers = {"anonymous": Client(raise_request_exception=False)}
    for name, person in people.items():
        browsers[name] = Client(raise_request_exception=False)
        browsers[name].force_login(person)
    return browsers


@contextmanager
def undone() -> Iterator[list[str]]:
    """Collect the writes of the block, and undo them."""
    writes: list[str] = []

    def note(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not any(own in sql for own in OWN):
            writes.append(sql)
        return execute(sql, *rest)

    with connection.execute_wrapper(note):
        point = transaction.savepoint()
        yield writes
        transaction.savepoint_rollback(point)


def outcome(browser: Client, method: str, path: str, form: dict[str, Any]) -> str:
    """Return what a call led to: the status, "in" when sent to a sign-in, "+" when it changed something."""
    with undone() as writes:
        answer: Any = _call(browser, method, path, form)
        if answer.streaming:
            b"".join(answer)
    if answer.status_code == 302 and answer["Location"].startswith(("/sign-in/", "/admin/login/")):
        found = "in"
    else:
        found = str(answer.status_code)
    return found + ("+" if writes else "")


def _call(browser: Client, method: str, path: str, form: dict[str, Any]) -> Any:
    if method == "get":
        return browser.get(path)
    if path.startswith("/api/v1/"):
        return browser.post(path, form, content_type="application/json")
    return browser.post(path, form)


def registered() -> dict[str, Any]:
    """Return the admin's pages by label of the model."""
    return {model._meta.label_lower: page for model, page in admin.site._registry.items()}


def row_of(model: type[Model]) -> Model:
    """Return a row to act upon. The world has to hold one of each model in the admin."""
    row = model._default_manager.filter(**CHOSEN.get(model._meta.label, {})).order_by("pk").first()
    assert row is not None, f"tests/security/world.py makes no {model._meta.label}"
    return row
