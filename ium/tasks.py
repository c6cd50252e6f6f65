"""Jobs of the composition."""

import requests
from celery import shared_task
from django.conf import settings

from ium.lib import clock
from slots.services import intake_observe


@shared_task
def observe() -> float | None:
    """Note that activity can be received: the web server answers and the database takes writes.

    Returns the seconds of a gap that ended. When the web server is away nothing is noted, and after two
    minutes of that nothing is taken from anybody.
    """
    requests.get(f"{settings.IUM_SELF_URL}/livez", timeout=5).raise_for_status()
    gap = intake_observe(at=clock.now())
    return gap.total_seconds() if gap is not None else None
