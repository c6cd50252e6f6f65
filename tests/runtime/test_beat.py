"""Of several Beats one plans; when it ends or falls silent, another one takes over."""

import os
import signal
from collections.abc import Iterator
from typing import Any, cast

import pytest
from redis import Redis

from ium.beat import LEASE_SECONDS, Lease
from ium.lib.counting import redis_url
from ium.orderly_beat import OrderlyBeat

NAME = "ium:beat:test"
NOBODY_LISTENS = "redis://127.0.0.1:1/0"


@pytest.fixture
def broker() -> Iterator[Redis]:
    """A real broker."""
    if "REDIS_URL" not in os.environ:
        pytest.skip("needs a broker: -p tests.postgres_plugin")
    client = Redis.from_url(redis_url(os.environ["REDIS_URL"]))
    yield client
    client.delete(NAME)
    client.close()


def test_one_of_two_plans_and_keeps_it(broker: Redis) -> None:
    first, second = Lease(broker, name=NAME), Lease(broker, name=NAME)
    assert [first.hold(), second.hold(), first.hold(), second.hold()] == [True, False, True, False]
    assert 0 < broker.ttl(NAME) <= LEASE_SECONDS


def test_a_stand_in_takes_over_at_once_after_an_orderly_end(broker: Redis) -> None:
    first, second = Lease(broker, name=NAME), Lease(broker, name=NAME)
    assert first.hold()
    first.release()
    assert second.hold()
    assert not first.hold()


def test_a_stand_in_takes_over_from_one_that_died_and_the_dead_one_does_not_come_back(
    broker: Redis,
) -> None:
    first, second = Lease(broker, name=NAME), Lease(broker, name=NAME)
    assert first.hold()
    broker.delete(NAME)  # the key ran out
    assert second.hold()
    assert not first.hold()
    first.release()
    assert second.hold(), "who lost it cannot give it away"


def test_without_a_broker_nobody_plans_and_nothing_breaks() -> None:
    lease = Lease(Redis.from_url(NOBODY_LISTENS, socket_connect_timeout=1), name=NAME)
    assert not lease.hold()
    lease.release()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_only_interrupts_whatever_beat_is_doing(number: signal.Signals) -> None:
    """Celery's own handler queries the database from within the signal, and hangs there."""

    class Untouched:
        def __getattr__(self, name: str) -> None:
            raise AssertionError(f"{name} was used within the signal")

    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGINT)}
    try:
        OrderlyBeat.install_sync_handler(cast("Any", None), cast("Any", Untouched()))
        with pytest.raises(SystemExit):
            signal.raise_signal(number)
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)
