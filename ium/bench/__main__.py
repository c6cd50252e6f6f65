"""Run the measurements that are asked for, or all of them."""

import argparse

from ium.bench.api import api_figures
from ium.bench.eta import eta_figures
from ium.bench.footprint import footprint_figures
from ium.bench.hand_over import hand_over_figures
from ium.bench.plan import plan_figures
from ium.bench.queue_poll import queue_poll_figures
from ium.bench.sweeping import sweep_figures
from ium.bench.syncing import sync_figures
from ium.bench.what_if import what_if_figures

MEASUREMENTS = {
    "api": api_figures,
    "sweep": sweep_figures,
    "hand_over": hand_over_figures,
    "sync": sync_figures,
    "footprint": footprint_figures,
    "eta": eta_figures,
    "plan": plan_figures,
    "queue_poll": queue_poll_figures,
    "what_if": what_if_figures,
}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="./ium.sh bench", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="|".join(MEASUREMENTS))
    parser.add_argument("--seconds", type=float, default=5.0, help="length of each run")
    options = parser.parse_args()
    for name in options.measurements or MEASUREMENTS:
        if name not in MEASUREMENTS:
            parser.error(f"there is no measurement {name!r}; there are: {', '.join(MEASUREMENTS)}")
        MEASUREMENTS[name](options.seconds)


if __name__ == "__main__":
    main()
