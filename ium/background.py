"""The programs behind the web server, as lean as they can be: `python -m ium.background worker|beat ...`.

Celery's own command line would do the same, but it loads what an interactive program needs, runs all of Django's
checks (`migrate` has just done so) and with them every page of the administration: 45 MB in each process.
"""

import argparse
import logging
import os
import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Be a worker or Beat until told to stop."""
    options = _parser().parse_args(arguments)
    # Python's warnings are lines like all others.
    logging.captureWarnings(True)
    # Before Django: settings leave out what only pages need.
    os.environ["IUM_BACKGROUND"] = options.part
    os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
    if options.part == "worker":
        sys.exit(_work(options))
    _plan(options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m ium.background", description=__doc__)
    parts = parser.add_subparsers(dest="part", required=True)
    worker = parts.add_parser("worker")
    worker.add_argument("--queues", required=True)
    worker.add_argument("--concurrency", type=int, required=True)
    worker.add_argument("--name", required=True)
    beat = parts.add_parser("beat")
    beat.add_argument("--scheduler", required=True)
    return parser


def _work(options: argparse.Namespace) -> int:
    from celery.signals import worker_ready
    from celery.utils.nodenames import default_nodename, host_format

    from ium.celery import app

    worker_ready.connect(lambda **_: _worker_started(options.name), weak=False)

    # Threads: tasks wait for Jira and the database, they do not compute. Without mingle and gossip:
    # workers have nothing to tell each other.
    worker = app.Worker(
        hostname=host_format(default_nodename(f"{options.name}@%h")),
        pool="threads",
        concurrency=options.concurrency,
        queues=options.queues,
        without_mingle=True,
        without_gossip=True,
        # No banner: it is no log line.
        quiet=True,
        loglevel="INFO",
    )
    worker.start()
    return int(worker.exitcode or 0)


def _plan(options: argparse.Namespace) -> None:
    from celery.signals import beat_init

    from ium.celery import app
    from ium.orderly_beat import OrderlyBeat

    beat_init.connect(lambda **_: _started("beat"), weak=False)
    OrderlyBeat(app=app, scheduler=options.scheduler, pidfile="", loglevel="INFO", quiet=True).run()


def _worker_started(name: str) -> None:
    from ium.usage.recording import calls

    calls.begin()
    _started(name)


def _started(name: str) -> None:
    from ium.lib.memory import give_back

    give_back()
    logging.getLogger("ium.background").info("%s has started", name)


if __name__ == "__main__":
    main()
