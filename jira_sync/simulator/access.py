"""When a change of membership is felt on the pages.

Atlassian publishes no time from a group change to product access (section 7 of the fact sheet), but it is never
immediate; here it takes effect a fixed delay after the change, in both directions. The membership itself, as the
APIs tell it, changes at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

Pending = tuple[float, frozenset[str]]


class AccessSchedule:
    """For each account the products it can open, now and after the changes still on their way."""

    def __init__(self, delay: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self.delay = delay
        self._clock = clock
        self._steps: dict[str, list[Pending]] = {}

    def target(self, account_id: str, products: set[str]) -> None:
        """Let an account open exactly these products, once the delay is over."""
        steps = self._steps.setdefault(account_id, [(0.0, frozenset())])
        if steps[-1][1] != products:
            steps.append((self._clock() + self.delay, frozenset(products)))

    def settle(self) -> None:
        """Make every change effective at once: the state of an organisation that was at rest."""
        for account_id, steps in self._steps.items():
            self._steps[account_id] = [(0.0, steps[-1][1])]

    def products(self, account_id: str) -> frozenset[str]:
        """The products whose pages open for this account at this moment."""
        steps = self._steps.get(account_id)
        if steps is None:
            return frozenset()
        now = self._clock()
        # A step with a shorter delay may overtake an older one when the delay was changed in between.
        current = max((i for i, (at, _) in enumerate(steps) if at <= now), default=0)
        del steps[:current]
        return steps[0][1]
