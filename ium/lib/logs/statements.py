"""Statements of the database that took long."""

import logging
import time
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from ium.lib.logs.formatters import facts

log = logging.getLogger("ium.slow")
LONGEST_TEXT = 1000


def follow_statements() -> None:
    """Measure every statement of connections made from now on; a statement costs about a microsecond more."""
    connection_created.connect(_measure, dispatch_uid="ium.logs")


def _measure(connection: BaseDatabaseWrapper, **_: Any) -> None:
    # A connection object is opened again and again.
    if settings.IUM_SLOW_SQL_MS and measured not in connection.execute_wrappers:
        connection.execute_wrappers.append(measured)


def measured(
    execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]
) -> Any:
    """Run a statement and log it if it took long: its text, never its values."""
    began = time.perf_counter()
    try:
        return execute(sql, params, many, context)
    finally:
        milliseconds = round((time.perf_counter() - began) * 1000)
        if 0 < settings.IUM_SLOW_SQL_MS <= milliseconds:
            log.warning("slow SQL", extra=facts(sql=str(sql)[:LONGEST_TEXT], ms=milliseconds))
