"""How long the page of charts takes with two years of a company's records. Prints one JSON object a line.

IUM_DATA must name a fresh folder: `python -m ium.bench.charts` fills a database of its own there.
"""

import json
import os
import statistics
import sys
import time
from datetime import timedelta
from pathlib import Path

DAYS, PEOPLE, LIMIT, ROUNDS = 731, 50_000, 12_000, 5
# Without copying static files first: the page is what is measured.
PLAIN = "django.contrib.staticfiles.storage.StaticFilesStorage"
OPERATIONS = ("add", "remove", "read", "sync")


def main() -> None:
    """Fill, then ask for every period."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings")
    if (Path(os.environ["IUM_DATA"]) / "ium.sqlite3").exists():
        raise SystemExit("IUM_DATA holds a database already: name a fresh folder.")
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test import Client

    from ium.directory.models import User

    settings.ALLOWED_HOSTS = ["testserver"]
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": PLAIN}}
    call_command("migrate", verbosity=0)
    _fill()
    client = Client()
    client.force_login(User.objects.create_superuser("bench", "not used anywhere"))
    for period in ("day", "week", "month", "quarter", "year", "two_years"):
        times = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            answer = client.get(f"/admin/usage/charts/?period={period}")
            times.append(time.perf_counter() - began)
            if answer.status_code != 200:
                raise SystemExit(f"The page answered {answer.status_code}.")
        value = round(statistics.median(times) * 1000)
        _say({"name": f"charts_{period}", "value": value, "unit": "ms"})
        size = round(len(answer.content) / 1024)
        _say({"name": f"charts_{period}_page", "value": size, "unit": "KiB"})


def _say(figure: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(figure) + "\n")
    sys.stdout.flush()


def _fill() -> None:
    """Write what recording keeps of one pool: as many rows for 50,000 people as for 50."""
    from ium.directory.models import Group, Site
    from ium.lib import clock
    from slots.models import LicencePool

    site = Site.objects.create(name="Bench", url="https://bench.atlassian.net", org_id="1")
    groups = [
        Group.objects.create(site=site, group_id=name, name=name) for name in ("access", "users")
    ]
    pool = LicencePool.objects.create(
        key="jira",
        name="Jira",
        site=site,
        access_group=groups[0],
        user_group=groups[1],
        assigned_licences=LIMIT,
    )
    _fill_times(pool, clock.now())
    _fill_counts(pool, clock.now())


def _fill_times(pool, at) -> None:  # type: ignore[no-untyped-def] # types need the settings
    from ium.usage.charts.periods import Fineness, Period, zone
    from ium.usage.models import IntervalUse, PeriodKind, PeriodUse

    today = at.astimezone(zone()).date()
    period = Period(today - timedelta(days=DAYS - 1), today, zone(), Fineness.HOUR)

    def busy(moment) -> int:  # type: ignore[no-untyped-def]
        return int(max(0, LIMIT - abs(moment.hour - 13) * 2000 - moment.toordinal() % 7 * 500))

    def use(kind: PeriodKind, moment, seconds: int) -> PeriodUse:  # type: ignore[no-untyped-def]
        most = busy(moment)
        return PeriodUse(
            pool=pool, kind=kind, at=moment, limit_min=LIMIT, limit_max=LIMIT, max_occupied=most,
            mean_occupied=most * 0.8, max_waiting=most // 100, full_seconds=0, seen_seconds=seconds,
            people=min(PEOPLE, most * 2), grants=most, losses=most, waits=most, waits_given_up=most // 50,
            wait_seconds_sum=most * 9.0, wait_seconds_max=900.0,
        )  # fmt: skip

    rows = [use(PeriodKind.HOUR, moment, 3600) for moment in period.grid() if moment < at]
    rows += [use(PeriodKind.DAY, m, 86400) for m in period.grid(Fineness.DAY) if m < at]
    PeriodUse.objects.bulk_create(rows, batch_size=500)
    kept = Period(today - timedelta(days=89), today, zone(), Fineness.INTERVAL)
    IntervalUse.objects.bulk_create(
        (
            IntervalUse(
                pool=pool, at=moment, limit=LIMIT, occupied=busy(moment), warned=3, waiting=0, free=0,
                draining=0, max_occupied=busy(moment), max_waiting=5, full_seconds=0, seen_seconds=300,
                occupied_seconds=busy(moment) * 300,
            )
            for moment in kept.grid()
            if moment < at
        ),
        batch_size=500,
    )  # fmt: skip


def _fill_counts(pool, at) -> None:  # type: ignore[no-untyped-def] # types need the settings
    from ium.usage.charts.periods import Fineness, Period, zone
    from ium.usage.models import CallTime, Histogram, Refusal, SourceUse
    from ium.usage.recording.periods import BUCKETS

    today = at.astimezone(zone()).date()
    days = [today - timedelta(days=number) for number in range(DAYS)]
    period = Period(days[-1], today, zone(), Fineness.HOUR)
    Histogram.objects.bulk_create(
        (
            Histogram(pool=pool, day=day, kind=kind, bucket=bucket, count=100)
            for day in days
            for kind in ("session", "wait")
            for bucket in (*BUCKETS, None)
        ),
        batch_size=500,
    )
    reasons = ("locked", "not_in_user_group", "account_not_active", "pool_off")
    Refusal.objects.bulk_create(
        Refusal(pool=pool, day=day, reason=reason, count=9) for day in days for reason in reasons
    )
    sources = [("extension", f"1.{n}.0") for n in range(6)] + [("queue_page", ""), ("webhook", "")]
    SourceUse.objects.bulk_create(
        SourceUse(pool=pool, day=day, source=source, version=version, people=4000)
        for day in days
        for source, version in sources
    )
    CallTime.objects.bulk_create(
        (
            CallTime(
                site=pool.site, hour=hour, operation=name, count=900, failed=1, seconds_sum=300.0,
                seconds_max=4.0,
            )
            for hour in period.grid()
            if hour < at
            for name in OPERATIONS
        ),
        batch_size=500,
    )  # fmt: skip


if __name__ == "__main__":
    main()
