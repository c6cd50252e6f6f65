"""Let simulated people use the demo."""

import random
import signal
import sys
import time
from types import FrameType
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import connection, transaction

from ium.demo.crowd import CROWD, LABEL, Crowd
from ium.directory.models import Device, User
from ium.directory.services import device_create, device_sign_out
from ium.lib import clock
from slots.selectors import pool_by_key


class Command(BaseCommand):
    """Simulated people open Jira, work, pause and leave, until the command is stopped."""

    help = "Let simulated people use the demo, until stopped."

    def handle(self, *args: Any, **options: Any) -> None:
        """Sign the crowd in and let it act."""
        if not settings.IUM_DEMO:
            raise CommandError("The crowd exists only with the simulated Jira (IUM_DEMO=1).")
        signal.signal(signal.SIGTERM, _stop)
        pool = pool_by_key("jira")
        tokens = _sign_in(User.objects.filter(memberships__group=pool.user_group))
        connection.close()  # from here on the crowd only uses HTTP, as browsers do
        crowd = Crowd(
            settings.IUM_SELF_URL, pool.site.url, tokens, random.Random(), time.monotonic()
        )
        self.stdout.write(f"{len(tokens)} simulated people use {pool}.")
        try:
            crowd.run(time.monotonic, time.sleep)
        except KeyboardInterrupt:
            self.stdout.write("The simulated people went home.")


@transaction.atomic
def _sign_in(members: Any) -> list[str]:
    """Give every simulated person a device; those of the last run end."""
    for device in Device.objects.filter(label=LABEL, signed_out_at=None):
        device_sign_out(device=device, at=clock.now())
    people = members.filter(is_staff=False, is_protected=False).order_by("account_id")[:CROWD]
    return [
        device_create(account_id=user.account_id, label=LABEL, at=clock.now())[1] for user in people
    ]


def _stop(_signal: int, _frame: FrameType | None) -> None:
    sys.exit(0)
