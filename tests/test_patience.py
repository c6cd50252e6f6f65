"""What is tried once more, and what is not (`tests/conftest.py`)."""

import re

import pytest

from tests.conftest import TOO_LATE
from tests.system.running import wait_for


def _is_tried_again(message: str) -> bool:
    return any(re.search(pattern, message) for pattern in TOO_LATE)


def test_a_missed_deadline_is_tried_again() -> None:
    with pytest.raises(AssertionError) as missed:
        wait_for(lambda: None, 0.0, "the badge")
    assert _is_tried_again(str(missed.value))
    assert _is_tried_again("Page.goto: Timeout 10000ms exceeded.")
    assert _is_tried_again('Expect "to_be_visible" with timeout 5000ms')


def test_a_wrong_outcome_is_not() -> None:
    assert not _is_tried_again("assert 6 <= 5")
    assert not _is_tried_again("assert 'queued' == 'active'")


@pytest.mark.system
def test_only_real_processes_and_browsers_get_the_second_try(
    request: pytest.FixtureRequest,
) -> None:
    assert request.node.get_closest_marker("flaky").kwargs == {"reruns": 1, "only_rerun": TOO_LATE}


def test_others_do_not(request: pytest.FixtureRequest) -> None:
    assert request.node.get_closest_marker("flaky") is None


@pytest.mark.xdist_group("together")
def test_what_belongs_together_stays_in_one_worker(request: pytest.FixtureRequest) -> None:
    if not request.config.getoption("loadgroup", default=False):
        pytest.skip("only with --dist loadgroup, as ./ium.sh test does")
    assert request.node.nodeid.endswith("@together"), "pytest-xdist does not see the group"
