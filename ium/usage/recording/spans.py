"""Spans of activity, once a minute, from the latest evidence about each person: a fixed number of statements."""

from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from ium.usage.recording.statements import POSTGRESQL, SQLITE
from slots.models import LicencePool

# Activity with a longer pause is another span. Half a second more: SQLite's days have a millisecond's precision.
PAUSE = timedelta(minutes=2)
# A longer span is cut, so that those that reach into a time are found by their begin.
LONGEST = timedelta(hours=24)


@transaction.atomic
def record_spans(*, pool_id: int, at: datetime) -> int:
    """Make everybody's span longer that went on, begin one for who came (back); return how many of either.

    Of a time in which nobody recorded only the last activity of each person is known.
    """
    pool = LicencePool.objects.get(pk=pool_id)
    statements = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    adapt = connection.ops.adapt_datetimefield_value
    values: dict[str, Any] = {
        "pool": pool.pk,
        "site": pool.site_id,
        "product": pool.product,
        "at": adapt(at),
        "since": adapt(at - LONGEST),
        "pause": PAUSE.total_seconds() + 0.5,
        "longest": LONGEST.total_seconds(),
    }
    with connection.cursor() as cursor:
        cursor.execute(statements.close, values)
        cursor.execute(statements.extend, values)
        changed = int(cursor.rowcount)
        cursor.execute(statements.begin, values)
        return changed + int(cursor.rowcount)
