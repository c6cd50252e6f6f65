"""The API's calls beside the floor, on both databases."""

from collections.abc import Sequence
from dataclasses import dataclass

from ium.bench.figures import figure
from ium.bench.load import Call, paced, run
from ium.bench.system import Served, prepared, served

# Each person calls once or twice in a run, as in life: nobody meets the limit of calls.
USERS, LICENCES, HOLDERS = 8_000, 5_000, 2_000
CLIENTS, ASKING = 32, 64
# 50,000 browsers, each with a report every 30 seconds.
PACE = 1667.0
BODY = {"idle_seconds": 1.0, "page": "/browse/DEMO-1"}
FILL = "from slots.models import Slot; Slot.objects.filter(state='free').delete()"


@dataclass(frozen=True)
class Speed:
    """Calls per second, and the web server's processor time per call in milliseconds."""

    rate: float
    cpu: float


def api_figures(seconds: float) -> None:
    """Measure activity, state, and slot requests with a free and with a full pool."""
    for database in ("sqlite", "postgres"):
        with served(database) as system:
            tokens = prepared(system, users=USERS, licences=LICENCES, holders=HOLDERS)
            _closed_loop(system, database, tokens, seconds)
            _open_loop(system, database, tokens[:HOLDERS], seconds)


def _closed_loop(system: Served, database: str, tokens: Sequence[str], seconds: float) -> None:
    holders, others = tokens[:HOLDERS], tokens[HOLDERS:]
    floor = _measure(system, [Call("POST", "/bench/floor", body=BODY)], seconds)
    figure(f"floor.{database}.rate", floor.rate, "calls/s")
    figure(f"floor.{database}.cpu", floor.cpu, "ms/call")

    def compare(name: str, calls: Sequence[Call], clients: int = CLIENTS) -> None:
        speed = _measure(system, calls, seconds, clients)
        figure(f"{name}.{database}.share_of_floor", speed.rate / floor.rate, "ratio")
        figure(f"{name}.{database}.cpu_share_of_floor", floor.cpu / speed.cpu, "ratio")
        figure(f"{name}.{database}.cpu", speed.cpu, "ms/call")

    compare("behind_middleware", [Call("POST", "/bench/behind-middleware", body=BODY)])
    # Browsers that have called before, as in life: their devices are known.
    once = [Call("GET", "/api/v1/slot", token) for token in holders]
    run(system.url, once, most=len(once))
    compare("activity", [Call("POST", "/api/v1/activity", token, BODY) for token in holders])
    compare("slot_state", [Call("GET", "/api/v1/slot", token) for token in holders])
    asking = [Call("POST", "/api/v1/slot", token) for token in others]
    compare("slot_request.free_pool", asking[:HOLDERS], ASKING)
    system.manage("shell", "--verbosity", "0", "--command", FILL)
    compare("slot_request.full_pool", asking[HOLDERS:], ASKING)


def _measure(
    system: Served, calls: Sequence[Call], seconds: float, clients: int = CLIENTS
) -> Speed:
    before = system.cpu_seconds()
    result = run(system.url, calls, seconds, clients)
    spent = system.cpu_seconds() - before
    if set(result.statuses) != {200}:
        raise RuntimeError(f"{calls[0].path} did not answer 200 only: {dict(result.statuses)}")
    return Speed(result.per_second, 1000 * spent / result.statuses.total())


def _open_loop(system: Served, database: str, holders: Sequence[str], seconds: float) -> None:
    """Send at the pace of 50,000 browsers whatever the answers take: waits in a queue count as well."""
    reports = [Call("POST", "/api/v1/activity", token, BODY) for token in holders]
    for name, calls in (
        ("floor", [Call("POST", "/bench/floor", body=BODY)]),
        ("activity", reports),
    ):
        before = system.cpu_seconds()
        result = paced(system.url, calls, PACE, seconds)
        spent = system.cpu_seconds() - before
        figure(f"{name}.{database}.paced.p50", 1000 * result.quantile(0.5), "ms")
        figure(f"{name}.{database}.paced.p99", 1000 * result.quantile(0.99), "ms")
        figure(f"{name}.{database}.paced.cpu", 100 * spent / result.seconds, "% of one core")
        figure(f"{name}.{database}.paced.rate", len(result.took) / result.seconds, "calls/s")
