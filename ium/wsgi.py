"""WSGI entry point, served by Granian."""

import logging
import os

from django.core.wsgi import get_wsgi_application

# Python's warnings are lines like all others.
logging.captureWarnings(True)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings")

application = get_wsgi_application()

from django.urls import get_resolver  # noqa: E402 - needs the applications

from ium.lib.memory import give_back  # noqa: E402 - as above
from ium.usage.recording import calls  # noqa: E402 - as above
from slots.live import begin  # noqa: E402 - as above

# Now, not with the first request, who would wait for it.
_ = get_resolver().url_patterns
give_back()
begin()
calls.begin()
