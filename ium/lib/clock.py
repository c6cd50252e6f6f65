"""What time it is, for everybody."""

import time
from datetime import datetime, timedelta

from django.conf import settings
from django.db import connection
from django.utils import timezone


def now() -> datetime:
    """Return the current time, timezone-aware, as all processes of this installation see it.

    With PostgreSQL it is the database's time, because processes on several machines must agree; SQLite is
    one machine by nature, there it is this machine's. Ask once at the edge (view, task) and pass it on as
    `at`.
    """
    if not settings.IUM_DATABASE_CLOCK:
        return timezone.now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        moment: datetime = cursor.fetchone()[0]
    return moment


SECONDS_BETWEEN_QUESTIONS = 1.0
_answer: tuple[float, datetime] | None = None


def soon_now() -> datetime:
    """Return the same time as `now`, without asking the database more than once a second.

    Between two questions this process counts on by itself: no clock drifts noticeably in a second, and a clock of
    the database that was set is noticed by the next question.
    """
    global _answer  # noqa: PLW0603 - one clock per process
    if not settings.IUM_DATABASE_CLOCK:
        return now()
    asked = _answer
    if asked is not None:
        since = time.monotonic() - asked[0]
        if since < SECONDS_BETWEEN_QUESTIONS:
            return asked[1] + timedelta(seconds=since)
    moment = now()
    _answer = (time.monotonic(), moment)
    return moment
