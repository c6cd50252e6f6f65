"""The promises of the design hold after every step of any history."""

import os

import pytest

from tests.model import machine

SEED = int(os.environ.get("IUM_TEST_SEED", "1"))
EXAMPLES = int(os.environ.get("IUM_TEST_EXAMPLES", "50"))

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("world")]


def test_the_promises_hold_after_every_step_of_any_history() -> None:
    machine.run(SEED, examples=EXAMPLES, shrink=not os.environ.get("IUM_TEST_RAW"))
