"""Settings of the test suite: the real ones, with a throw-away database and keys."""

import os
import tempfile
from pathlib import Path

if "IUM_DATA" not in os.environ:
    os.environ["IUM_DATA"] = tempfile.mkdtemp(prefix="ium-tests-")
os.environ.setdefault("IUM_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("IUM_ENCRYPTION_KEYS", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
os.environ.setdefault("IUM_DEMO", "1")

from ium.settings import *  # noqa: F403 - settings are read by name, all of them
from ium.settings import CACHES, DATA_DIR, DATABASES, IS_SQLITE, IUM_THROTTLES

if IS_SQLITE:
    # A file: the shared in-memory database does not wait for locks ("table is locked").
    DATABASES["default"]["TEST"] = {"NAME": str(Path(DATA_DIR) / "test.sqlite3")}
DATABASES["default"]["CONN_MAX_AGE"] = 0
# Frozen clocks freeze Python, not PostgreSQL; tests/ium/test_clock.py covers the database's clock.
IUM_DATABASE_CLOCK = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
# Tests call as often as they like; those of the limits set them (tests/security).
IUM_THROTTLES = dict.fromkeys(IUM_THROTTLES, 0)
CACHES["counters"] = {"BACKEND": "ium.lib.counting.LocalCounters"}
