"""Statements that Django's query language cannot say: everybody's activity of the last minute, in a fixed number."""

from typing import NamedTuple


class Statements(NamedTuple):
    """The three steps, in the words of one database."""

    close: str
    extend: str
    begin: str


# Activity of the pool's site and product: only what is new is written. Of two processes at once one waits, and then
# finds nothing to do.
_NEWS = """
    (
        SELECT user_id, last_active_at, source FROM activity_lastactivity
        WHERE site_id = %(site)s AND product = %(product)s
        AND last_active_at > %(since)s AND last_active_at <= %(at)s
    ) AS news
"""
_OF_NEWS = "s.open AND s.pool_id = %(pool)s AND s.user_id = news.user_id"


def _made(seconds_between: str) -> Statements:
    pause = seconds_between.format(later="news.last_active_at", earlier="s.ended_at")
    length = seconds_between.format(later="news.last_active_at", earlier="s.started_at")
    return Statements(
        close=f"""
            UPDATE usage_activityspan AS s SET open = FALSE FROM {_NEWS}
            WHERE {_OF_NEWS}
            AND ({pause} > %(pause)s OR {length} > %(longest)s OR s.ended_at > %(at)s)
        """,  # noqa: S608 - made of constants
        extend=f"""
            UPDATE usage_activityspan AS s
            SET ended_at = news.last_active_at, source = news.source FROM {_NEWS}
            WHERE {_OF_NEWS} AND s.ended_at < news.last_active_at
        """,  # noqa: S608 - made of constants
        begin=f"""
            INSERT INTO usage_activityspan
                (pool_id, user_id, started_at, ended_at, source, open, imported)
            SELECT %(pool)s, news.user_id, news.last_active_at, news.last_active_at, news.source, TRUE, FALSE
            FROM {_NEWS}
            WHERE NOT EXISTS (SELECT 1 FROM usage_activityspan AS s WHERE {_OF_NEWS})
            ON CONFLICT DO NOTHING
        """,  # noqa: S608 - made of constants
    )


POSTGRESQL = _made("EXTRACT(EPOCH FROM ({later} - {earlier}))")
SQLITE = _made("((julianday({later}) - julianday({earlier})) * 86400.0)")
