"""Everything that IUM stores about one person, as one JSON document."""

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model

from ium.directory.models import User
from ium.lib.fields import EncryptedTextField
from ium.usage.privacy.tables import places
from slots.models import Event
from slots.services.journal import journal_write

# What would open something, or check a password, is no information about a person.
SECRET_ENDINGS = ("_hash", "password", "token", "token_secret")


@transaction.atomic
def person_export(*, user: User, at: datetime, actor: User) -> str:
    """Return the document, and write in the journal who asked for it."""
    document = person_document(user, at)
    journal_write(event=Event.DATA_EXPORTED, at=at, user=user, actor=actor)
    return json.dumps(document, cls=DjangoJSONEncoder, ensure_ascii=False, indent=1)


def person_document(user: User, at: datetime) -> dict[str, Any]:
    """Return everything about a person: the person, and the rows of every table that refer to them."""
    tables = {}
    for place in places():
        if rows := [_row(row) for row in place.rows(user).iterator(chunk_size=500)]:
            tables[place.name] = rows
    return {"exported_at": at, "person": _row(user), "tables": tables}


def person_counts(user: User) -> list[tuple[str, str, int]]:
    """Return (table in words, what becomes of it, number of rows) for every table with rows about a person."""
    found = []
    for place in places():
        if number := place.rows(user).count():
            found.append((str(place.model._meta.verbose_name_plural), place.fate.name, number))
    return found


def _row(row: Model) -> dict[str, Any]:
    return dict(_cells(row))


def _cells(row: Model) -> Iterator[tuple[str, Any]]:
    for field in row._meta.concrete_fields:
        secret = field.name.endswith(SECRET_ENDINGS) or isinstance(field, EncryptedTextField)
        if not secret:
            yield field.attname, field.value_from_object(row)
