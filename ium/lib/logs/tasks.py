"""Tasks in the log: their id, the request that caused them, and those that took long."""

import logging
import time
from typing import Any

from celery.signals import before_task_publish, task_postrun, task_prerun
from django.conf import settings

from ium.lib.logs.formatters import facts
from ium.lib.logs.origin import NOWHERE, Origin, begin, current

log = logging.getLogger("ium.slow")
# In the message's headers, beside Celery's own.
REQUEST = "ium_request"


def follow_tasks() -> None:
    """Send the request's name along with every task, and take it up where the task runs."""
    before_task_publish.connect(_send_along, dispatch_uid="ium.logs")
    task_prerun.connect(_begin, dispatch_uid="ium.logs")
    task_postrun.connect(_end, dispatch_uid="ium.logs")


def _send_along(headers: dict[str, Any] | None = None, **_: Any) -> None:
    if headers is not None and (request := current().request):
        headers[REQUEST] = request


def _begin(task_id: str, task: Any, **_: Any) -> None:
    # Called directly (tests, commands) a task has no message: what called it stays the origin.
    request = getattr(task.request, REQUEST, "") or current().request
    begin(Origin(request=str(request), task=task_id, task_name=task.name))
    task.request.ium_began = time.perf_counter()


def _end(task: Any, state: str = "", **_: Any) -> None:
    began = getattr(task.request, "ium_began", None)
    milliseconds = round((time.perf_counter() - began) * 1000) if began is not None else 0
    if 0 < settings.IUM_SLOW_TASK_MS <= milliseconds:
        log.warning("slow task", extra=facts(name=task.name, state=state, ms=milliseconds))
    begin(NOWHERE)
