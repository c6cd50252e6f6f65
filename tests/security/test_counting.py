"""Counting for limits of rates: shared when Redis is there, alone when not, and never a reason to fail or wait."""

import os
import socket
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ium.lib import counting
from ium.lib.addresses import client_network, network_of
from ium.lib.counting import LocalCounters, RedisCounters, redis_url


def redis_counters(url: str) -> RedisCounters:
    """Return counters as the settings make them."""
    return RedisCounters(url, {"KEY_PREFIX": f"ium-test-{os.getpid()}-{time.monotonic_ns()}"})


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of something that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"redis://127.0.0.1:{server.getsockname()[1]}/0"


def test_a_process_counts_for_itself() -> None:
    counters = LocalCounters("test-counting", {})
    assert [counters.count("a", seconds=60) for _ in range(3)] == [1, 2, 3]
    assert counters.count("b", seconds=60) == 1
    assert counters.count("a", seconds=60, by=-1) == 2
    counters.clear()


def test_a_count_is_forgotten() -> None:
    counters = LocalCounters("test-forgetting", {})
    counters.count("a", seconds=0)
    assert counters.count("a", seconds=60) == 1


@pytest.mark.skipif(
    not os.environ.get("REDIS_URL"), reason="needs a Redis: -p tests.postgres_plugin"
)
def test_processes_count_together_in_redis() -> None:
    one, url = redis_counters(os.environ["REDIS_URL"]), os.environ["REDIS_URL"]
    other = RedisCounters(url, {"KEY_PREFIX": one.key_prefix})
    assert [one.count("a", seconds=60), other.count("a", seconds=60)] == [1, 2]
    assert other.count("a", seconds=60, by=-1) == 1
    client: Any = one._cache.get_client(None, write=True)
    assert 0 < client.ttl(one.make_key("a")) <= 60
    assert one._alone.get("a") is None, "nothing was counted alone"


def test_without_redis_the_limit_stays_and_nothing_fails(caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    counters = redis_counters(f"redis://:secret-password@127.0.0.1:{port}/0")
    assert [counters.count("a", seconds=60) for _ in range(3)] == [1, 2, 3]
    assert caplog.text.count("counts alone") == 1
    assert "secret-password" not in caplog.text


def test_a_redis_that_does_not_answer_costs_one_short_wait(silent: str) -> None:
    counters = redis_counters(silent)
    started = time.monotonic()
    assert [counters.count("a", seconds=60) for _ in range(100)][-1] == 100
    assert time.monotonic() - started < 2


def test_redis_is_tried_again_after_a_while(silent: str, monkeypatch: pytest.MonkeyPatch) -> None:
    counters = redis_counters(silent)
    counters.count("a", seconds=60)
    monkeypatch.setattr(counters, "_count", lambda *_: 77)
    assert counters.count("a", seconds=60) == 2
    counting._away_until.clear()
    assert counters.count("a", seconds=60) == 77


@given(st.text())
def test_no_address_of_a_broker_is_a_fault(text: str) -> None:
    assert redis_url(text) == text or text.startswith("redis+socket://")
    assert redis_url(f"redis+socket://{text}").startswith("unix://")


def test_celerys_form_of_a_socket_is_understood() -> None:
    assert redis_url("redis+socket:///run/x.sock?virtual_host=3") == "unix:///run/x.sock?db=3"
    assert redis_url("redis+socket:///run/x.sock") == "unix:///run/x.sock?db=0"


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::1", "2001:db8:1:2::"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("fe80::1%eth0", "fe80::"),
        ("", "unknown"),
        ("192.0.2.7:80", "unknown"),
    ],
)
def test_an_address_is_counted_by_its_network(address: str, network: str) -> None:
    assert network_of(address) == network


@given(st.text())
def test_no_address_is_a_fault(text: str) -> None:
    assert network_of(text)


def test_what_clients_claim_is_not_believed(settings: Any) -> None:
    meta = {"REMOTE_ADDR": "192.0.2.1", "HTTP_X_FORWARDED_FOR": "198.51.100.1, 203.0.113.9"}
    settings.IUM_BEHIND_PROXY = False
    assert client_network(meta) == "192.0.2.1"
    settings.IUM_BEHIND_PROXY = True
    assert client_network(meta) == "203.0.113.9"
    assert client_network({"REMOTE_ADDR": "192.0.2.1"}) == "192.0.2.1"
