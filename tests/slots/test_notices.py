"""Administrators are told of long waits: once per episode, by mail and signed webhook, whatever fails on the way."""

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.core import mail

from ium.lib.webhook import WebhookFailedError, signature, webhook_send
from slots.models import Channel, JournalEntry, LicencePool, Notice, NoticeKind
from slots.sentences import sentence
from slots.services import notices_send, slot_release, slot_request, wait_watch
from tests.factories import FakeJira, holder, minutes, seconds, waiting
from tests.slots.conftest import make_pool

pytestmark = pytest.mark.django_db
SECRET = "a-secret-of-enough-characters"


class Receiver(HTTPServer):
    """A server that takes messages, or answers with the status it is told to."""

    def __init__(self) -> None:
        """Listen on a free port."""
        super().__init__(("127.0.0.1", 0), _Handler)
        self.status = 204
        self.got: list[tuple[dict[str, str], bytes]] = []

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Take a message."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.got.append(({k.lower(): v for k, v in self.headers.items()}, body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", self.server.url)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    """A running receiver, and the secret it shares with IUM."""
    settings.IUM_WEBHOOK_SECRET = SECRET
    server = Receiver()
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def busy(at: datetime, settings: Any) -> LicencePool:
    """A pool of one licence with a limit of ten minutes, full, and somebody who begins to wait."""
    settings.ADMINS = []
    settings.IUM_URL = "https://ium.example"
    pool = make_pool(assigned_licences=1, wait_alert_minutes=10)
    pool.site.alert_emails = "ops@example.com"
    pool.site.save()
    holder(pool, at)
    waiting(pool, at, display_name="Ben")
    return pool


def still_there(pool: LicencePool, at: datetime) -> None:
    """Let everybody who waits ask again."""
    for entry in pool.entries.waiting().select_related("user"):
        slot_request(user=entry.user, pool=pool, return_url=None, at=at)


def watch(pool: LicencePool, at: datetime) -> bool:
    """Let everybody poll, and watch."""
    still_there(pool, at)
    return wait_watch(pool_id=pool.pk, at=at)


def test_a_long_wait_is_told_once_and_its_end_once(
    busy: LicencePool, at: datetime, jira: FakeJira
) -> None:
    assert not watch(busy, at + minutes(9.9))
    assert watch(busy, at + minutes(10))
    assert not watch(busy, at + minutes(30))
    assert notices_send(at=at + minutes(30)) == 1
    [message] = mail.outbox
    assert message.to == ["ops@example.com"]
    assert "10 min" in message.body
    assert "https://ium.example/admin/slots/queueentry/" in message.body
    slot_release(user=busy.entries.waiting()[0].user, pool=busy, at=at + minutes(31))
    assert wait_watch(pool_id=busy.pk, at=at + minutes(31))
    assert not wait_watch(pool_id=busy.pk, at=at + minutes(32))
    assert notices_send(at=at + minutes(32)) == 1
    assert "short again" in mail.outbox[1].subject
    assert notices_send(at=at + minutes(33)) == 0
    said = [sentence(entry) for entry in JournalEntry.objects.filter(event__startswith="wait")]
    assert len(said) == 2
    assert "%" not in "".join(said)


def test_an_episode_does_not_end_with_every_person_who_is_served(
    busy: LicencePool, at: datetime
) -> None:
    cleo = waiting(busy, at + minutes(4))
    watch(busy, at + minutes(10))
    first = busy.entries.waiting()[0].user
    slot_release(user=first, pool=busy, at=at + minutes(10))
    assert not watch(busy, at + minutes(10.5)), "Cleo has waited for more than half the limit"
    slot_release(user=cleo, pool=busy, at=at + minutes(11))
    assert watch(busy, at + minutes(11))


def test_people_who_are_not_there_do_not_count(busy: LicencePool, at: datetime) -> None:
    assert not wait_watch(pool_id=busy.pk, at=at + minutes(10))


def test_without_a_limit_nobody_is_told_and_little_is_asked(
    at: datetime, django_assert_num_queries: Any
) -> None:
    pool = make_pool(assigned_licences=0)
    waiting(pool, at)
    with django_assert_num_queries(3):  # one, and the transaction of a test
        assert not wait_watch(pool_id=pool.pk, at=at + minutes(1))


def test_a_webhook_gets_a_message_that_it_can_check(
    busy: LicencePool, at: datetime, receiver: Receiver
) -> None:
    LicencePool.objects.filter(pk=busy.pk).update(wait_alert_webhook=receiver.url)
    watch(busy, at + minutes(12))
    assert notices_send(at=at + minutes(12)) == 2
    [(headers, body)] = receiver.got
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    right = base64.b64encode(hmac.new(SECRET.encode(), signed, hashlib.sha256).digest()).decode()
    assert hmac.compare_digest(headers["webhook-signature"], f"v1,{right}")
    message = json.loads(body)
    assert message["type"] == "ium.wait_long"
    assert message["data"]["pool"] == busy.key
    assert message["data"]["longest_wait_seconds"] == 720
    assert SECRET not in body.decode()


def test_a_receiver_that_fails_is_tried_again_and_the_end_waits_for_the_beginning(
    busy: LicencePool, at: datetime, receiver: Receiver
) -> None:
    receiver.status = 503
    LicencePool.objects.filter(pk=busy.pk).update(wait_alert_webhook=receiver.url)
    watch(busy, at + minutes(10))
    now = at + minutes(10)
    assert notices_send(at=now) == 1, "the mail"
    hook = Notice.objects.get(channel=Channel.WEBHOOK)
    assert (hook.attempts, hook.last_error, hook.sent_at) == (1, "HTTP 503", None)
    assert hook.next_attempt_at == now + seconds(30)
    slot_release(user=busy.entries.waiting()[0].user, pool=busy, at=now + seconds(5))
    wait_watch(pool_id=busy.pk, at=now + seconds(5))
    assert notices_send(at=now + seconds(5)) == 1, "the mail about the end; the webhook waits"
    receiver.status = 204
    assert notices_send(at=now + seconds(30)) == 1
    assert notices_send(at=now + seconds(30)) == 1
    kinds = [json.loads(body)["type"] for _, body in receiver.got]
    assert kinds == ["ium.wait_long", "ium.wait_long", "ium.wait_over"]


def test_after_a_day_it_is_given_up(busy: LicencePool, at: datetime, receiver: Receiver) -> None:
    receiver.status = 500
    LicencePool.objects.filter(pk=busy.pk).update(wait_alert_webhook=receiver.url)
    watch(busy, at + minutes(10))
    Notice.objects.filter(channel=Channel.MAIL).delete()
    now, waits = at + minutes(10), []
    while notice := Notice.objects.unsent().first():
        waits.append(notice.next_attempt_at - now)
        now = notice.next_attempt_at
        notices_send(at=now)
    assert max(waits) == timedelta(hours=1)
    assert len(waits) < 40
    given_up_at = Notice.objects.get().given_up_at
    assert given_up_at is not None
    assert given_up_at >= at + timedelta(days=1)


def test_two_workers_send_it_once(busy: LicencePool, at: datetime) -> None:
    watch(busy, at + minutes(10))
    Notice.objects.update(next_attempt_at=at + minutes(12))  # claimed by another worker
    assert notices_send(at=at + minutes(11)) == 0
    assert notices_send(at=at + minutes(12)) == 1, "that worker died"


def test_a_mail_server_that_is_away_is_tried_again(
    busy: LicencePool, at: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: Any) -> None:
        raise ConnectionRefusedError

    watch(busy, at + minutes(10))
    with monkeypatch.context() as patch:
        patch.setattr("django.core.mail.EmailMessage.send", fail)
        assert notices_send(at=at + minutes(10)) == 0
    assert Notice.objects.get().last_error == "ConnectionRefusedError"
    assert notices_send(at=at + minutes(11)) == 1


def test_without_any_address_nothing_is_written(busy: LicencePool, at: datetime) -> None:
    busy.site.alert_emails = ""
    busy.site.save()
    assert watch(busy, at + minutes(10))
    assert not Notice.objects.exists()
    assert JournalEntry.objects.filter(event=NoticeKind.WAIT_LONG).exists()


def test_a_redirect_is_not_followed(receiver: Receiver, at: datetime) -> None:
    receiver.status = 302
    with pytest.raises(WebhookFailedError, match="HTTP 302"):
        webhook_send(url=receiver.url, secret=SECRET, message_id="1", payload={}, at=at)
    assert len(receiver.got) == 1


def test_nobody_listening_is_said_without_the_address(at: datetime) -> None:
    with pytest.raises(WebhookFailedError, match=r"^ConnectionError$"):
        webhook_send(url="http://127.0.0.1:9/", secret=SECRET, message_id="1", payload={}, at=at)


def test_the_signature_is_that_of_the_specification() -> None:
    """The example of the Standard Webhooks libraries' own tests."""
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    made = signature(secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert made == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="
