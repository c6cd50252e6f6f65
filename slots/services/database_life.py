"""Whether the database is still the one that everything was written to.

A database that was started again may have lost its last moments: a stand-by that took over before it had everything, a
snapshot of the machine, a power cut. What was given then is a membership in Jira that no row knows of, so a slot that
looks free may not be. Therefore each pool remembers the database's life, which is compared whenever the pool is locked,
in the same query; after a change nothing is given until the pool was compared with Jira, as after a restored backup.

PostgreSQL's life is the moment its server was started: a stand-by has another one. SQLite's is the boot of the
machine: a process that ends loses nothing, a machine may.
"""

from functools import cache
from pathlib import Path

from django.db import connection
from django.db.models import CharField, Func, Model, Value
from django.db.models.expressions import Expression

from slots.models import LicencePool

# A number for each boot of the machine: random(4). Other systems have none; there a crash goes unnoticed.
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


class _StartOfServer(Func):
    template = "EXTRACT(EPOCH FROM pg_postmaster_start_time())::text"
    output_field = CharField()


def life() -> Expression:
    """Return the expression for the life of the database that a query is answered by."""
    if connection.vendor == "postgresql":
        return _StartOfServer()
    return Value(_boot(), output_field=CharField())


@cache
def _boot() -> str:
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return ""


def _life_of(row: Model) -> str:
    """Return the life that was read together with a row."""
    found: str = vars(row).get("life", "")
    return found


def is_another_life(pool: LicencePool, *, read_with: Model | None = None) -> bool:
    """Whether the pool was last used in another life of the database. It, or `read_with`, was read with `life`."""
    now = _life_of(read_with or pool)
    return bool(pool.database_life and now and pool.database_life != now)


def life_note(pool: LicencePool) -> None:
    """Remember the life that the pool was read in, if it changed. The caller holds the pool lock."""
    now = _life_of(pool)
    if now and pool.database_life != now:
        pool.database_life = now
        LicencePool.objects.filter(pk=pool.pk).update(database_life=now)
