"""What time it is, for everybody."""

from datetime import datetime

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
