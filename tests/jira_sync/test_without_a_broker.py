"""A web request goes on at once when the broker is away: the row is the truth, not the message."""

import pytest
from celery import current_app
from kombu.exceptions import OperationalError

NOBODY_LISTENS = "redis://127.0.0.1:1/0"


def test_a_message_does_not_wait_for_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []
    monkeypatch.setattr("kombu.utils.functional.sleep", waits.append)
    with (
        pytest.raises(OperationalError),
        current_app.connection_for_write(NOBODY_LISTENS) as connection,
    ):
        _ = connection.default_channel
    assert sum(waits) == 0
    assert len(waits) <= 1, "it tries again and again"
