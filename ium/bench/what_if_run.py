"""The measurement of `ium.bench.what_if`, in a process of its own with a database in memory."""

import os
import sys
import time

import django


def main() -> None:
    """Print the figures."""
    django.setup()
    from django.conf import settings
    from django.db import connection

    from ium.bench.figures import figure
    from ium.bench.prediction import predicted
    from ium.usage.replay.company import Company

    settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = ":memory:"
    connection.creation.create_test_db(verbosity=0)
    company = Company(
        people=int(os.environ["IUM_WHAT_IF_PEOPLE"]), weeks=int(os.environ["IUM_WHAT_IF_WEEKS"])
    )
    started = time.perf_counter()
    found = predicted(company)
    figure("what_if.people", company.people, "people")
    figure("what_if.weeks", company.weeks, "weeks")
    figure("what_if.peak", found.peak, "licences")
    figure("what_if.licences", found.licences, "licences")
    figure("what_if.recorded_with", found.recorded_with, "licences")
    for source in ("true", "from_measuring", "from_running"):
        waits = getattr(found, source)
        figure(f"what_if.{source}.waits", waits.served, "waits")
        figure(f"what_if.{source}.given_up", waits.gave_up, "waits")
        figure(f"what_if.{source}.median", waits.median, "s")
        figure(f"what_if.{source}.p95", waits.p95, "s")
    for name, ratio in found.ratios():
        figure(f"what_if.{name}_of_true", ratio, "ratio")
    figure("what_if.took", time.perf_counter() - started, "s")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
