"""The pace per endpoint, with a clock that only the pace's own sleep moves."""

from __future__ import annotations

import threading

import pytest

from jira_sync.client import Pace, RateLimited
from jira_sync.client.pace import ATLASSIAN_PER_SECOND, Lane

DELETE = Lane("https://x", "/memberships", "DELETE")
POST = Lane("https://x", "/memberships", "POST")


class Time:
    """A clock; sleeping moves it and is noted."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def pace(time: Time) -> Pace:
    return Pace(clock=lambda: time.now, sleep=time.sleep)


@pytest.mark.parametrize("method", ATLASSIAN_PER_SECOND)
def test_stays_below_atlassians_limit_in_every_second(pace: Pace, time: Time, method: str) -> None:
    sent = []
    for _ in range(500):
        pace.wait(Lane("https://x", "/a", method))
        sent.append(time.now)
    most = max(sum(start <= at < start + 1 for at in sent) for start in sent)
    assert most <= ATLASSIAN_PER_SECOND[method]
    rate = 500 / (sent[-1] - sent[0])
    assert 0.9 * ATLASSIAN_PER_SECOND[method] <= rate < ATLASSIAN_PER_SECOND[method]


def test_a_small_burst_does_not_wait(pace: Pace, time: Time) -> None:
    for _ in range(3):
        pace.wait(DELETE)
    assert time.slept == []


def test_lanes_do_not_slow_each_other(pace: Pace, time: Time) -> None:
    for lane in (DELETE, POST, Lane("https://y", "/memberships", "DELETE")):
        for _ in range(3):
            pace.wait(lane)
    assert time.slept == []


def test_several_processes_share_the_rate(time: Time) -> None:
    pace = Pace(share=1 / 3, clock=lambda: time.now, sleep=time.sleep)
    start = time.now
    for _ in range(120):
        pace.wait(POST)
    assert time.now - start == pytest.approx(120 / 30, rel=0.1)


def test_pause_holds_one_lane_for_its_time(pace: Pace, time: Time) -> None:
    pace.pause(DELETE, 3.0)
    pace.wait(POST)
    assert time.slept == []
    pace.wait(DELETE)
    assert time.slept == [pytest.approx(3.0)]


def test_a_long_pause_is_raised_instead_of_slept(pace: Pace, time: Time) -> None:
    pace.pause(DELETE, 60.0)
    with pytest.raises(RateLimited) as caught:
        pace.wait(DELETE)
    assert caught.value.retry_after == pytest.approx(60.0)
    assert time.slept == []
    time.now += 60
    pace.wait(DELETE)


def test_near_the_limit_the_rate_halves_for_a_while(pace: Pace, time: Time) -> None:
    pace.slow(POST)
    start = time.now
    for _ in range(200):
        pace.wait(POST)
    assert 200 / (time.now - start) == pytest.approx(45, rel=0.1)
    time.now += 10
    start = time.now
    for _ in range(200):
        pace.wait(POST)
    assert 200 / (time.now - start) > 90


def test_threads_get_places_one_after_the_other() -> None:
    slept: list[float] = []
    pace = Pace(clock=lambda: 0.0, sleep=slept.append)
    threads = [threading.Thread(target=pace.wait, args=(DELETE,)) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(slept)) == len(slept) >= 45
    assert max(slept) == pytest.approx(45 / 45, abs=0.1)


def test_who_is_behind_others_waits_until_nobody_else_does(pace: Pace, time: Time) -> None:
    for _ in range(20):  # slots: their places are given, far ahead
        with pace._lock:
            pace._reserve(pace._meter(POST), time.now)
    ahead = pace._meter(POST).due
    with pace.behind_others():
        pace.wait(POST)
    assert time.now == pytest.approx(ahead - pace._meter(POST).tolerance, abs=0.002)
    time.slept.clear()
    time.now += 10
    with pace.behind_others():
        pace.wait(POST)
    assert time.slept == []


def test_who_is_behind_others_keeps_the_rate(pace: Pace, time: Time) -> None:
    with pace.behind_others():
        for _ in range(200):
            pace.wait(POST)
    rate = 200 / (time.now - 1000.0)
    assert 0.9 * 100 <= rate < 105


def test_who_is_behind_others_gives_up_rather_than_wait_for_long(pace: Pace, time: Time) -> None:
    pace.pause(POST, 3600)
    with pace.behind_others(), pytest.raises(RateLimited):
        pace.wait(POST)
    assert time.slept == []
