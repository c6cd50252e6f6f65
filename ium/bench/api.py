"""The API's calls beside the floor, on both databases."""

from ium.bench.figures import figure
from ium.bench.load import Call, run
from ium.bench.system import Served, prepared, served

# Each person calls once or twice in a run, as in life: nobody meets the limit of calls.
USERS, LICENCES = 20_000, 10_000


def api_figures(seconds: float) -> None:
    """Measure activity, state, and slot requests with a free and with a full pool."""
    for database in ("sqlite", "postgres"):
        with served(database) as system:
            tokens = prepared(system, users=USERS, licences=LICENCES, holders=LICENCES // 2)
            _compare(system, database, tokens, seconds)


def _compare(system: Served, database: str, tokens: list[str], seconds: float) -> None:
    body = {"idle_seconds": 1.0, "page": "/browse/DEMO-1"}
    holders, others = tokens[: LICENCES // 2], tokens[LICENCES // 2 :]
    floor = _measure(system, [Call("POST", "/bench/floor", body=body)], seconds)
    runs = {
        "activity": [Call("POST", "/api/v1/activity", token, body) for token in holders],
        "slot_state": [Call("GET", "/api/v1/slot", token) for token in holders],
        "slot_request": [Call("POST", "/api/v1/slot", token) for token in others],
    }
    figure(f"floor.{database}.rate", floor[0], "calls/s")
    figure(f"floor.{database}.cpu", floor[1], "ms/call")
    for name, calls in runs.items():
        rate, cpu = _measure(system, calls, seconds)
        figure(f"{name}.{database}.share_of_floor", rate / floor[0], "ratio")
        figure(f"{name}.{database}.cpu", cpu, "ms/call")


def _measure(system: Served, calls: list[Call], seconds: float) -> tuple[float, float]:
    """Return calls per second and the web server's processor time per call in milliseconds."""
    run(system.url, calls, seconds / 5)  # warm up
    before = system.cpu_seconds()
    result = run(system.url, calls, seconds)
    spent = system.cpu_seconds() - before
    if set(result.statuses) != {200}:
        raise RuntimeError(f"{calls[0].path} did not answer 200 only: {dict(result.statuses)}")
    return result.per_second, 1000 * spent / result.statuses.total()
