"""Brings a person into each state that the pages can show."""

from collections.abc import Callable
from datetime import timedelta

from ium.directory.models import User
from ium.lib import clock
from slots import services
from slots.eta_facts import forget_timetables
from slots.models import LicencePool, LossReason, QueueBranding, Slot, SlotLock, SlotSession
from slots.queue_page.look import digest_of, logo_text
from slots.queue_page.pictures import checked_picture
from slots.services.losses import revoke
from tests import factories
from tests.browser.conftest import settle
from tests.pictures import png


def _none(person: User, pool: LicencePool) -> None:
    """Nothing happened yet."""


def _queued(person: User, pool: LicencePool) -> None:
    now = clock.now()
    LicencePool.objects.update(queue_timer_seconds=60)
    factories.holder(pool, now)
    for _ in range(3):
        factories.waiting(pool, now)
    services.slot_request(user=person, pool=pool, return_url=None, at=now)


def _queued_with_estimate(person: User, pool: LicencePool) -> None:
    _queued(person, pool)
    now = clock.now()
    SlotSession.objects.bulk_create(
        SlotSession(
            pool=pool,
            user=person,
            waited_seconds=0,
            granted_at=now - timedelta(minutes=8),
            ended_at=now - timedelta(days=1),
            loss_reason=LossReason.RELEASED,
        )
        for _ in range(30)
    )
    SlotSession.objects.update(granted_at=now - timedelta(days=1, minutes=8))
    forget_timetables()  # the server of the tests may have made one without these


def _granting(person: User, pool: LicencePool) -> None:
    services.slot_request(user=person, pool=pool, return_url=None, at=clock.now())


def _active(person: User, pool: LicencePool) -> None:
    _granting(person, pool)
    settle()


def _warned(person: User, pool: LicencePool) -> None:
    _active(person, pool)
    now = clock.now()
    Slot.objects.update(warned_at=now, revoke_at=now + factories.seconds(47))


def _revoking(person: User, pool: LicencePool) -> None:
    _active(person, pool)
    services.slot_release(user=person, pool=pool, at=clock.now())


def _locked(person: User, pool: LicencePool) -> None:
    SlotLock.objects.create(pool=pool, user=person, until=clock.now() + factories.minutes(10))


def _not_managed(person: User, pool: LicencePool) -> None:
    person.memberships.all().delete()


def _off(person: User, pool: LicencePool) -> None:
    LicencePool.objects.update(enabled=False)


def _key_refused(person: User, pool: LicencePool) -> None:
    _queued(person, pool)
    type(pool.site).objects.update(connection_state="refused")


def _slow(person: User, pool: LicencePool) -> None:
    _active(person, pool)
    slot = factories.slot_of(person)
    then = clock.now() - factories.seconds(15)
    Slot.objects.filter(pk=slot.pk).update(confirmed_at=then, opening="shut")


def _doubtful(person: User, pool: LicencePool) -> None:
    _slow(person, pool)
    Slot.objects.update(confirmed_at=clock.now() - factories.seconds(70))


def _swept(person: User, pool: LicencePool) -> None:
    _warned(person, pool)
    assert revoke(factories.slot_of(person), reason=LossReason.SWEEP, at=clock.now())
    settle()


def _jira_down(person: User, pool: LicencePool) -> None:
    _queued(person, pool)
    type(pool.site).objects.update(connection_state="unreachable")


def _switched_off_while_waiting(person: User, pool: LicencePool) -> None:
    _queued(person, pool)
    LicencePool.objects.update(enabled=False)


def _branded(person: User, pool: LicencePool) -> None:
    _queued_with_estimate(person, pool)
    picture = checked_picture(png())
    QueueBranding.objects.create(
        pool=pool,
        texts={
            "en-gb": {
                "title": "Acme Works: Jira",
                "message": "**Urgent?** Call the service desk: 4711.\n\n* [How sharing works](https://acme.example)\n"
                "* Averyveryveryveryveryveryveryveryveryveryveryverylongword",
            }
        },
        colour="#00b39f",
        help_url="mailto:help@acme.example",
        logo=logo_text(picture.data),
        logo_type=picture.kind,
        logo_digest=digest_of(picture.data),
    )


STATES: dict[str, Callable[[User, LicencePool], None]] = {
    "none": _none,
    "queued": _queued,
    "queued-estimate": _queued_with_estimate,
    "granting": _granting,
    "active": _active,
    "warned": _warned,
    "revoking": _revoking,
    "locked": _locked,
    "not-managed": _not_managed,
    "off": _off,
    "key-refused": _key_refused,
    "slow": _slow,
    "doubtful": _doubtful,
    "swept": _swept,
    "jira-down": _jira_down,
    "off-while-waiting": _switched_off_while_waiting,
    "branded": _branded,
}
