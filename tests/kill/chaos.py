"""What is done to the running system: a sequence that follows from a seed, each kind with a way back."""

import random
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import psutil

from tests.kill.system import MARKS, KillableIum

APIS = "/(admin|rest|ex)/"
PATIENCE = 8.0

# Faults of the simulated Jira. `seconds` of slow answers stay below and above the client's patience (15 s).
FAULTS: dict[str, dict[str, object]] = {
    "jira answers 503": {"kind": "status", "status": 503},
    "jira answers 429, Retry-After": {"kind": "status", "status": 429, "seconds": 2},
    "jira answers 429 without": {"kind": "status", "status": 429, "headers": {"Retry-After": ""}},
    "jira answers late": {"kind": "slow", "seconds": 3},
    "jira does not answer": {"kind": "timeout", "seconds": 4},
    "jira cuts after the effect": {"kind": "drop_after_apply"},
    "key revoked": {"kind": "status", "status": 401},
}
# After these IUM gives nothing until it has looked again (every 15 s), or slots wait for lost calls (90 s): they
# come last, so that the others meet work.
REST = ("jira answers 503", "jira cuts after the effect", "jira does not answer", "key revoked")
VERY_LATE = {"jira answers after 30 s": {"kind": "slow", "seconds": 30}}


@dataclass
class Chaos:
    """Injects, remembers what has to be undone and when, and counts."""

    ium: KillableIum
    seed: int
    deep: bool = False
    injected: Counter[str] = field(default_factory=Counter)
    not_possible: Counter[str] = field(default_factory=Counter)
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - repeatable on purpose
        self._began = time.monotonic()
        self._undo: list[tuple[float, Callable[[], object]]] = []
        self.kinds = self._kinds()

    def _kinds(self) -> dict[str, Callable[[], bool]]:
        kinds: dict[str, Callable[[], bool]] = {
            f"kill -9 {name}": partial(self.ium.kill, name) for name in MARKS
        }
        for name in ("worker", "jira-worker"):
            kinds[f"freeze {name}"] = partial(self._freeze, name)
        for name, fault in (FAULTS | (VERY_LATE if self.deep else {})).items():
            kinds[name] = partial(self._fault, name, fault)
        kinds["flush broker"] = self.ium.flush_broker
        if self.ium.postgres is not None:
            kinds["crash database"] = self._crash_database
        if self.ium.small:
            kinds["data folder full"] = self._fill
        kinds["kill -9 everything"] = self._kill_all
        return kinds

    # --- sequences ---

    def each_once(self, pause: float) -> None:
        """Inject every kind once, in the order of the seed; those after which IUM rests come last."""
        names = sorted(self.kinds)
        self.chance.shuffle(names)
        names.sort(key=lambda name: name in REST)
        for name in names:
            self._inject(name)
            self._rest(pause)
        self.undo(everything=True)

    def at_random(self, seconds: float, pause: float) -> None:
        """Inject whatever comes for so long; ending everything comes rarely, because a start takes a while."""
        names = [name for name in sorted(self.kinds) if name != "kill -9 everything"]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            rare = self.chance.random() < 0.03
            self._inject("kill -9 everything" if rare else self.chance.choice(names))
            self._rest(self.chance.uniform(0.2, 2 * pause))
        self.undo(everything=True)

    def _inject(self, name: str) -> None:
        """Do it; what cannot be done at this moment (the service is restarting) is tried again."""
        deadline = time.monotonic() + PATIENCE
        while not (done := self.kinds[name]()) and time.monotonic() < deadline:
            self._rest(0.3)
        (self.injected if done else self.not_possible)[name] += 1
        self.log.append(
            f"{time.monotonic() - self._began:6.1f} s  {name}{'' if done else ': not possible'}"
        )

    def _rest(self, seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            self.undo()
            time.sleep(min(0.1, left))

    def undo(self, *, everything: bool = False) -> None:
        """End what has lasted long enough."""
        now = time.monotonic()
        due = [undo for when, undo in self._undo if everything or when <= now]
        self._undo = [] if everything else [(when, u) for when, u in self._undo if when > now]
        for action in due:
            action()
        if everything:
            self.ium.order_fault(match={}, kind="none")

    def _later(self, action: Callable[[], object]) -> bool:
        length = self.chance.uniform(1, 20) if self.deep else self.chance.uniform(1.5, 3)
        self._undo.append((time.monotonic() + length, action))
        return True

    # --- kinds ---

    def _freeze(self, name: str) -> bool:
        process = self.ium.service(name)
        if process is None:
            return False
        process.suspend()
        return self._later(partial(_resume, process))

    def _fault(self, name: str, fault: dict[str, object]) -> bool:
        # The remark makes it possible to end this one and no other.
        match = {"path": f"(?#{name}){APIS}"}
        if not self.ium.order_fault(match=match, **fault):
            return False
        return self._later(partial(self.ium.order_fault, match=match, kind="none"))

    def _crash_database(self) -> bool:
        assert self.ium.postgres is not None
        self.ium.postgres.crash()
        return True

    def _fill(self) -> bool:
        filler = self.ium.data / "filler"
        try:
            with filler.open("wb", buffering=0) as file:
                while True:
                    file.write(b"\0" * 4096)
        except OSError:
            return self._later(partial(filler.unlink, missing_ok=True))

    def _kill_all(self) -> bool:
        self.ium.kill_all()
        self.undo(everything=True)
        self.ium.start()
        return True


def _resume(process: psutil.Process) -> None:
    try:
        process.resume()
    except psutil.NoSuchProcess:
        return
