"""Two variables that become several of Django's settings: the database and the mail server."""

from pathlib import Path
from typing import Any

from environ import Env

from ium.configuration.reader import Reader

# IMMEDIATE is what removes "database is locked": a deferred transaction that turns from reading to writing fails at
# once, whatever the timeout.
SQLITE = {
    "timeout": 20,
    "transaction_mode": "IMMEDIATE",
    "init_command": (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
        " PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000"
    ),
}
ENGINES = {"django.db.backends.postgresql", "django.db.backends.sqlite3"}


def database_of(env: Reader, data: Path) -> dict[str, Any]:
    """Return Django's description of the database; a wrong address is noted and answered with the default."""
    own = f"sqlite:///{data / 'ium.sqlite3'}"
    found: dict[str, Any] = Env.db_url_config(own)
    try:
        given = Env.db_url_config(env("DATABASE_URL", default=own))
        if given.get("ENGINE") not in ENGINES or not given.get("NAME"):
            raise ValueError
        found = given
    except Exception:
        env.note("DATABASE_URL: write postgres://user:password@host:5432/name or sqlite:////folder/file; "
                 "special characters of a password as %40 and so on.")  # fmt: skip
    if found["ENGINE"].endswith("sqlite3"):
        found["OPTIONS"] = {**SQLITE, **found.get("OPTIONS", {})}
    return found


def mail_settings(env: Reader) -> dict[str, Any]:
    """Return Django's EMAIL_… settings."""
    try:
        return dict(Env.email_url_config(env("EMAIL_URL")))
    except Exception:
        env.note(
            "EMAIL_URL: write smtp+tls://user:password@mail.example.com:587 or consolemail://."
        )
        return dict(Env.email_url_config("consolemail://"))
