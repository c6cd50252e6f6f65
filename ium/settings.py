"""Settings: everything that operations own, read from the environment.

What the administrator of the licences decides (limits, times, groups) is in the database and edited in the
admin. Every variable is declared in `ium/configuration/table.py`; docs/configuration.md is made from it.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

from ium import settings_parts as parts
from ium.configuration.django import database_of, mail_settings
from ium.configuration.reader import MistakesError, Reader
from ium.demo.sign_in import demo_providers
from ium.lib.logs.formatters import logging_settings
from ium.sign_in.configuration import read_providers, read_redirects

VERSION = parts.VERSION
BASE_DIR = Path(__file__).resolve().parent.parent
env = Reader(os.environ)

# --- Where things are ---------------------------------------------------------------------------

DATA_DIR = Path(env("IUM_DATA", default=str(BASE_DIR / "data")))
IUM_URL = env("IUM_URL")
# The simulated Jira of the demo: its sign-ins and the demo data exist only with it.
# Where the browser extension can be had (a store or a page of the company); the install page leads there.
IUM_EXTENSION_URL = env("IUM_EXTENSION_URL")
# The same for one browser; it wins.
IUM_EXTENSION_URLS = {
    "chrome": env("IUM_EXTENSION_URL_CHROME"),
    "edge": env("IUM_EXTENSION_URL_EDGE"),
    "firefox": env("IUM_EXTENSION_URL_FIREFOX"),
}
# Where a worker finds the web server to see that activity can be received.
IUM_SELF_URL = env("IUM_SELF_URL", default=IUM_URL)
IUM_DEMO = env("IUM_DEMO", default=False)
IUM_SIMULATOR_URL = env("IUM_SIMULATOR_URL", default="http://127.0.0.1:8090")
IUM_DEMO_CROWD = env("IUM_DEMO_CROWD")
IUM_DEMO_HISTORY = env("IUM_DEMO_HISTORY")

# --- Security -----------------------------------------------------------------------------------

DEBUG = env("IUM_DEBUG")
SECRET_KEY = env.needed("IUM_SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env("IUM_SECRET_KEY_FALLBACKS")
# Fernet keys for Jira's credentials; the first one encrypts, all of them decrypt.
IUM_ENCRYPTION_KEYS: list[str] = env.needed("IUM_ENCRYPTION_KEYS")
ALLOWED_HOSTS: list[str] = env("IUM_ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS: list[str] = env("IUM_TRUSTED_ORIGINS", default=[IUM_URL])
IUM_HTTPS = env("IUM_HTTPS", default=IUM_URL.startswith("https://"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IUM_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = IUM_HTTPS and env("IUM_SSL_REDIRECT")
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IUM_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IUM_HTTPS
# One proxy in front of IUM: what it says of scheme and client is believed.
IUM_BEHIND_PROXY = env("IUM_BEHIND_PROXY")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if IUM_BEHIND_PROXY else None
X_FRAME_OPTIONS = "DENY"
DEFAULT_EXCEPTION_REPORTER_FILTER = "ium.reporting.SecretsFilter"
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
IUM_API_PREFIX = "/api/v1/"
IUM_LARGEST_API_BODY = 64 * 1024
IUM_LONGEST_ADDRESS = 8 * 1024
# How often something may happen; 0: as often as one likes. The numbers are explained where they are used.
IUM_THROTTLES = {
    # Calls per person, part of the API and minute (slots/api/throttles.py).
    "person": env("IUM_CALLS_PER_MINUTE"),
    # Refused tokens per address and minute.
    "wrong_tokens": env("IUM_WRONG_TOKENS_PER_MINUTE"),
    # Ways to and from a provider per address and minute: a whole company may share one address.
    "sign_ins": env("IUM_SIGN_INS_PER_MINUTE"),
    # Events of each site's webhook, and wrong signatures per address, in a minute (jira_sync/webhooks/views.py).
    "webhooks": env("IUM_WEBHOOKS_PER_MINUTE"),
    "wrong_webhooks": env("IUM_WRONG_TOKENS_PER_MINUTE"),
    # Wrong passwords per address, and per login name from anywhere, in five minutes (ium/middleware.py).
    "passwords": env("IUM_WRONG_PASSWORDS"),
    "passwords_of_name": 3 * env("IUM_WRONG_PASSWORDS"),
}
IUM_PASSWORD_WINDOW = 300
# Signs the messages to webhooks (ium/lib/webhook.py); without it none can be configured.
IUM_WEBHOOK_SECRET = env("IUM_WEBHOOK_SECRET")
# Signs too, until every receiver knows the new one.
IUM_WEBHOOK_SECRET_PREVIOUS = env("IUM_WEBHOOK_SECRET_PREVIOUS")
# Everybody who waits asks every so many seconds; 0: the server says when, by the place in the queue
# (slots/document.py). More than a minute would make people fall silent.
IUM_QUEUE_POLL_SECONDS = env("IUM_QUEUE_POLL_SECONDS")
# Where the browser extension may be sent back to after its sign-in, to the letter: one address for each build
# (https://<id>.chromiumapp.org/cb, https://<sha1 of the id>.extensions.allizom.org/cb, http://127.0.0.1/mozoauth2/<hash>).
IUM_EXTENSION_REDIRECTS: list[str] = env.attempt(read_redirects, ImproperlyConfigured) or []
IUM_EXTENSION_CLIENT_ID = "ium-extension"
# A browser with the extension that was not used for so many days has to sign in again.
IUM_DEVICE_DAYS = env("IUM_DEVICE_DAYS")
# Waits, their estimates and finished stays name people; after so many days they are removed. The journal is kept.
IUM_RECORD_DAYS = env("IUM_RECORD_DAYS")
# Makes the pseudonyms of people in reports (ium/lib/pseudonyms.py); without it the secret key does.
IUM_PSEUDONYM_KEY = env("IUM_PSEUDONYM_KEY")
AUTH_USER_MODEL = "directory.User"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
# Where people sign in: at the company's OpenID provider or with the Atlassian account, several at once.
IUM_SIGN_IN = env.attempt(read_providers, ImproperlyConfigured) or (
    demo_providers(IUM_SIMULATOR_URL) if IUM_DEMO else ()
)
SESSION_COOKIE_AGE = int(timedelta(days=env("IUM_SESSION_DAYS")).total_seconds())
# allauth speaks the providers' protocols. It keeps nothing: people, and how they are found, are IUM's own.
SOCIALACCOUNT_ADAPTER = "ium.sign_in.allauth_adapters.SocialAdapter"
SOCIALACCOUNT_ONLY = True
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
ACCOUNT_EMAIL_VERIFICATION = "none"
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "queue"

# --- Applications -------------------------------------------------------------------------------

# Set by ium/background.py, not by operators: workers and Beat show no pages.
IUM_BACKGROUND = bool(os.environ.get("IUM_BACKGROUND"))
INSTALLED_APPS = [
    "unfold",
    "unfold.contrib.filters",
    "unfold.contrib.simple_history",
    # Before IUM, which takes their pages out of the admin.
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.atlassian",
    "ium.apps.IumConfig",
    # Without pages the administration is loaded when ium/urls.py is, if ever.
    "django.contrib.admin.apps.SimpleAdminConfig" if IUM_BACKGROUND else "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "simple_history",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "ium.directory",
    "activity",
    "slots",
    "jira_sync",
    "ium.usage",
]
if os.environ.get("IUM_BACKGROUND") == "beat":
    # Nobody signs in to Beat, and what talks to their providers is 5 MB.
    INSTALLED_APPS = [app for app in INSTALLED_APPS if not app.startswith("allauth")]
MIDDLEWARE = [
    # First: every line that is written for a request belongs to it.
    "ium.lib.logs.requests.RequestLog",
    "django.middleware.security.SecurityMiddleware",
    "ium.middleware.SecurityHeaders",
    "ium.middleware.Api",
    "slots.api.lane.FastLane",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "ium.middleware.Limits",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "ium.middleware.PasswordThrottle",
]
ROOT_URLCONF = "ium.urls"
WSGI_APPLICATION = "ium.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

# --- Database -----------------------------------------------------------------------------------

DATABASES: dict[str, dict[str, Any]] = {"default": database_of(env, DATA_DIR)}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
# Without persistent connections a small call costs 25 times as much with PostgreSQL, 3 times with SQLite.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = not IS_SQLITE
# Processes on several machines must agree about the time: PostgreSQL says it.
IUM_DATABASE_CLOCK = not IS_SQLITE

# --- Celery -------------------------------------------------------------------------------------

REDIS_URL = env("REDIS_URL", default="redis://127.0.0.1:6379/0")
CELERY_BROKER_URL = REDIS_URL
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"},
    # For limits of rates; each process counts for itself while Redis is away.
    "counters": {
        "BACKEND": "ium.lib.counting.RedisCounters",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "ium",
    },
}
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_TIME_LIMIT = 300
CELERY_TASK_DEFAULT_QUEUE = "celery"
# Jira may be slow: its calls must not hold up the sweep.
CELERY_TASK_ROUTES = {"jira_sync.tasks.*": {"queue": "jira"}}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_BROKER_TRANSPORT_OPTIONS = {
    # A task taken by a worker that was killed comes back after this many seconds; all tasks may run twice.
    "visibility_timeout": 120,
    # A web request never waits long for a broker that is away: the row is the truth, not the message.
    "socket_connect_timeout": 1,
    "socket_timeout": 5,
    # Without these a call that sends a message waits six seconds for a broker that refuses.
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
}
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

# --- Mail ---------------------------------------------------------------------------------------

# Without a mail server mail goes to the log, and the configuration check says so.
vars().update(mail_settings(env))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env("IUM_MAIL_FROM")
# Who is told about problems where a site names nobody.
ADMINS = [(address, address) for address in env("IUM_ADMINS")]

# --- Languages and time -------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = env("IUM_TIME_ZONE")
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "ium" / "locale"]

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "/static/"
# In a container they are part of the image, not of the data.
STATIC_ROOT = Path(env("IUM_STATIC", default=str(DATA_DIR / "static")))
# The pictures of the page for everybody are those of the manual (ium/help_page.py).
STATICFILES_DIRS = [BASE_DIR / "ium" / "static", ("help", BASE_DIR / "docs" / "users" / "images")]
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- API and admin: in ium/settings_parts.py ---
REST_FRAMEWORK = parts.REST_FRAMEWORK
SPECTACULAR_SETTINGS = parts.SPECTACULAR_SETTINGS
UNFOLD = parts.UNFOLD
SIMPLE_HISTORY_REVERT_DISABLED = False

# --- Log ----------------------------------------------------------------------------------------

LOGGING = logging_settings(env("IUM_LOG_LEVEL"), env("IUM_LOG_FORMAT"))
IUM_ACCESS_LOG = env("IUM_ACCESS_LOG")
# Milliseconds; what takes longer is logged, 0 switches it off (ium/lib/logs).
IUM_SLOW_REQUEST_MS = env("IUM_SLOW_REQUEST_MS")
IUM_SLOW_TASK_MS = env("IUM_SLOW_TASK_MS")
IUM_SLOW_JIRA_MS = env("IUM_SLOW_JIRA_MS")
IUM_SLOW_SQL_MS = env("IUM_SLOW_SQL_MS")

try:
    env.check()
except MistakesError as error:
    raise ImproperlyConfigured(str(error)) from None
