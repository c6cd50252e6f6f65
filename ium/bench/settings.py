"""The real settings, plus the floor to compare with."""

from ium.settings import *  # noqa: F403 - settings are read by name, all of them
from ium.settings import MIDDLEWARE

ROOT_URLCONF = "ium.bench.urls"
MIDDLEWARE = ["ium.bench.urls.Floor", *MIDDLEWARE]
