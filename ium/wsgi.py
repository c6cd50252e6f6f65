"""WSGI entry point, served by Granian."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings")

application = get_wsgi_application()

from slots.live import begin  # noqa: E402 - needs the applications

begin()
