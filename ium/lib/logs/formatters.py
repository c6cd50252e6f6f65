"""Two forms of a log line: for people, and one JSON object per line. Standard library only (the web server)."""

import json
import logging
import os
from datetime import UTC, datetime
from typing import Any

from ium.lib.logs.origin import current
from ium.lib.logs.privacy import without_personal_data


def facts(**values: Any) -> dict[str, dict[str, Any]]:
    """Return `extra` for a log call: values with names of their own in JSON, `name=value` for people."""
    return {"facts": values}


class TextFormatter(logging.Formatter):
    """`2026-11-24 16:00:00,123 WARNING logger: message name=value [request=…]`."""

    def __init__(self) -> None:
        """Take the form of the line."""
        super().__init__("{asctime} {levelname} {name}: {message}", style="{")

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Add what the line belongs to."""
        told = "".join(f" {name}={value}" for name, value in _facts(record).items())
        origin = " ".join(f"{name}={value}" for name, value in _origin().items())
        return super().formatMessage(record) + told + (f" [{origin}]" if origin else "")

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, with a traceback below it if there is one."""
        return without_personal_data(super().format(record))


class JsonFormatter(logging.Formatter):
    """One object: time (UTC), level, logger, message, request, task, task_name, exception, and the line's own facts."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the object in one line."""
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            **_origin(),
            **_facts(record),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        told = {
            name: without_personal_data(value) if isinstance(value, str) else value
            for name, value in line.items()
        }
        return json.dumps(told, ensure_ascii=False, default=str)


def _origin() -> dict[str, str]:
    origin = current()
    told = {"request": origin.request, "task": origin.task, "task_name": origin.task_name}
    return {name: value for name, value in told.items() if value}


def _facts(record: logging.LogRecord) -> dict[str, Any]:
    found: dict[str, Any] = getattr(record, "facts", {})
    return found


def formatter(kind: str) -> logging.Formatter:
    """Return the formatter for IUM_LOG_FORMAT."""
    return JsonFormatter() if kind == "json" else TextFormatter()


def of_environment() -> logging.Formatter:
    """Return the formatter that the environment asks for: for the web server's own lines, before there are settings."""
    return formatter(os.environ.get("IUM_LOG_FORMAT", "").strip().lower())


def logging_settings(level: str, kind: str) -> dict[str, Any]:
    """Return Django's LOGGING."""
    # One line per job every few seconds says nothing; what jobs did is in the journal and on the jobs page.
    quiet = ("celery.app.trace", "celery.beat", "celery.worker.strategy")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "ium.lib.logs.formatters.formatter", "kind": kind}},
        "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
        "loggers": {name: {"level": "WARNING"} for name in quiet},
        "root": {"handlers": ["console"], "level": level},
    }
