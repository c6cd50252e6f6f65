"""Stored secrets go over to a new key while they are read and written."""

from io import StringIO
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.core.management import CommandError, call_command
from django.db import connection

from ium.directory.models import Site
from ium.lib import reencrypting
from ium.lib.reencrypting import columns, reencrypt

pytestmark = pytest.mark.django_db
OLD, NEW = (Fernet.generate_key().decode() for _ in range(2))


@pytest.fixture
def sites(settings: Any) -> list[Site]:
    """Return sites whose keys were stored with the old key; from now on there are both."""
    settings.IUM_ENCRYPTION_KEYS = [OLD]
    made = [
        Site.objects.create(
            name=f"Site {number}", url=f"https://{number}.example", org_key=f"key {number}"
        )
        for number in range(5)
    ]
    settings.IUM_ENCRYPTION_KEYS = [NEW, OLD]
    return made


def keys() -> list[str]:
    """Return the keys of Jira as IUM reads them."""
    return sorted(Site.objects.values_list("org_key", flat=True))


def command(*arguments: str) -> str:
    """Run the command; return what it prints."""
    out = StringIO()
    call_command("reencrypt", *arguments, stdout=out)
    return out.getvalue()


def test_every_encrypted_column_is_found() -> None:
    found = {(column.table, column.name) for column in columns()}
    assert {("directory_site", "org_key"), ("directory_site", "second_org_key"),
            ("directory_site", "api_token")} <= found  # fmt: skip
    assert any(name == "previous_secret" for _table, name in found)


def test_afterwards_the_new_key_alone_opens_everything(sites: list[Site], settings: Any) -> None:
    told = command()
    assert told.startswith("5 secrets encrypted anew")
    settings.IUM_ENCRYPTION_KEYS = [NEW]
    assert keys() == [f"key {number}" for number in range(5)]
    assert command("--check").startswith("0 secrets encrypted anew, 5 were already")


def test_all_is_readable_at_every_moment_and_a_crash_loses_nothing(
    sites: list[Site], monkeypatch: pytest.MonkeyPatch
) -> None:
    replace, expected = reencrypting._replace, keys()
    done: list[int] = []

    def dying(*arguments: Any) -> int:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(replace(*arguments))
        assert keys() == expected
        return done[-1]

    monkeypatch.setattr(reencrypting, "_replace", dying)
    with pytest.raises(KeyboardInterrupt):
        reencrypt()
    assert keys() == expected
    monkeypatch.setattr(reencrypting, "_replace", replace)
    assert reencrypt().changed == 2


def test_who_saves_meanwhile_wins(sites: list[Site], monkeypatch: pytest.MonkeyPatch) -> None:
    replace = reencrypting._replace

    def later(*arguments: Any) -> int:
        Site.objects.filter(pk=sites[0].pk).update(org_key="entered just now")
        return replace(*arguments)

    monkeypatch.setattr(reencrypting, "_replace", later)
    reencrypt()
    assert "entered just now" in keys()


def test_portions_reach_every_row(sites: list[Site], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reencrypting, "PORTION", 2)
    assert reencrypt().changed == 5


def test_a_check_changes_nothing_and_says_what_is_left(sites: list[Site]) -> None:
    with pytest.raises(CommandError, match="5 stored secrets still need an older key"):
        command("--check")
    assert reencrypt(change=False).changed == 5


def test_a_secret_that_no_key_opens_is_told_and_left_alone(
    sites: list[Site], settings: Any
) -> None:
    settings.IUM_ENCRYPTION_KEYS = [NEW]
    with pytest.raises(CommandError, match="5 stored secrets are opened by none"):
        command()
    settings.IUM_ENCRYPTION_KEYS = [OLD]
    assert keys()[0] == "key 0"


def test_nothing_is_shown(sites: list[Site], settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT org_key FROM directory_site ORDER BY id LIMIT 1")
        stored = str(cursor.fetchone()[0])
    told = command()
    assert stored not in told
    assert NEW not in told
