"""A million steps: the same machine, for hours instead of seconds."""

import os
import sys
import time

import pytest

from tests.model import machine

STEPS = int(os.environ.get("IUM_TEST_DEEP_STEPS", "1000000"))
# Shares run side by side with pytest-xdist.
SHARES = 20
EXAMPLES = 100
FIRST_SEED = int(os.environ.get("IUM_TEST_SEED", "1000"))

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.usefixtures("world"),
    pytest.mark.skipif(not os.environ.get("IUM_TEST_DEEP"), reason="only with --deep"),
]


@pytest.mark.parametrize("share", range(SHARES))
def test_the_promises_hold_for_a_million_steps(share: int) -> None:
    seed, begun, first = FIRST_SEED + share * 100_000, time.monotonic(), machine.Run.steps
    while (steps := machine.Run.steps - first) < STEPS / SHARES:
        machine.run(seed, examples=EXAMPLES)
        speed = (machine.Run.steps - first) / (time.monotonic() - begun)
        say(f"model, share {share}: seed {seed}, {steps} steps, {speed:.0f} a second\n")
        seed += 1


def say(text: str) -> None:
    """Show progress at once, past pytest's capture and xdist's workers."""
    assert sys.__stderr__ is not None
    sys.__stderr__.write(text)
    sys.__stderr__.flush()
