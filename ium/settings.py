"""Settings: everything that operations own, read from the environment.

What the administrator of the licences decides (limits, times, groups) is in the database and edited in the
admin. `.env.example` lists every variable; `tests/test_settings.py` keeps that list complete.
"""

import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

from ium.demo.sign_in import demo_providers
from ium.sign_in.configuration import read_providers, read_redirects

BASE_DIR = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
# FileAwareEnv also reads NAME_FILE, the form of Docker and systemd secrets.
env = environ.FileAwareEnv()

# --- Where things are ---------------------------------------------------------------------------

DATA_DIR = Path(env.str("IUM_DATA", default=str(BASE_DIR / "data")))
IUM_URL = env.str("IUM_URL", default="http://127.0.0.1:8000").rstrip("/")
# The simulated Jira of the demo: its sign-ins and the demo data exist only with it.
# Where the browser extension can be had (a store or a page of the company); the install page leads there.
IUM_EXTENSION_URL = env.str("IUM_EXTENSION_URL", default="")
# The same for one browser; it wins.
IUM_EXTENSION_URLS = {
    "chrome": env.str("IUM_EXTENSION_URL_CHROME", default=""),
    "edge": env.str("IUM_EXTENSION_URL_EDGE", default=""),
    "firefox": env.str("IUM_EXTENSION_URL_FIREFOX", default=""),
}
# Where a worker finds the web server to see that activity can be received.
IUM_SELF_URL = env.str("IUM_SELF_URL", default=IUM_URL).rstrip("/")
IUM_DEMO = env.bool("IUM_DEMO", default=False)
IUM_SIMULATOR_URL = env.str("IUM_SIMULATOR_URL", default="http://127.0.0.1:8090").rstrip("/")
IUM_DEMO_CROWD = env.int("IUM_DEMO_CROWD", default=1)

# --- Security -----------------------------------------------------------------------------------

DEBUG = env.bool("IUM_DEBUG", default=False)
SECRET_KEY = env.str("IUM_SECRET_KEY")
# Fernet keys for Jira's credentials; the first one encrypts, all of them decrypt.
IUM_ENCRYPTION_KEYS: list[str] = env.list("IUM_ENCRYPTION_KEYS")
ALLOWED_HOSTS: list[str] = env.list(
    "IUM_ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"]
)
CSRF_TRUSTED_ORIGINS: list[str] = env.list("IUM_TRUSTED_ORIGINS", default=[IUM_URL])
IUM_HTTPS = env.bool("IUM_HTTPS", default=IUM_URL.startswith("https://"))
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = IUM_HTTPS
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SECURE_SSL_REDIRECT = IUM_HTTPS and env.bool("IUM_SSL_REDIRECT", default=True)
SECURE_REDIRECT_EXEMPT = [r"^livez$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IUM_HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = IUM_HTTPS
# One proxy in front of IUM: what it says of scheme and client is believed.
IUM_BEHIND_PROXY = env.bool("IUM_BEHIND_PROXY", default=False)
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
    "person": env.int("IUM_CALLS_PER_MINUTE", default=600),
    # Refused tokens per address and minute.
    "wrong_tokens": env.int("IUM_WRONG_TOKENS_PER_MINUTE", default=300),
    # Ways to and from a provider per address and minute: a whole company may share one address.
    "sign_ins": env.int("IUM_SIGN_INS_PER_MINUTE", default=1200),
    # Events of each site's webhook, and wrong signatures per address, in a minute (jira_sync/webhooks/views.py).
    "webhooks": env.int("IUM_WEBHOOKS_PER_MINUTE", default=6000),
    "wrong_webhooks": env.int("IUM_WRONG_TOKENS_PER_MINUTE", default=300),
    # Wrong passwords per address, and per login name from anywhere, in five minutes (ium/middleware.py).
    "passwords": env.int("IUM_WRONG_PASSWORDS", default=20),
    "passwords_of_name": 3 * env.int("IUM_WRONG_PASSWORDS", default=20),
}
IUM_PASSWORD_WINDOW = 300
# Signs the messages to webhooks (ium/lib/webhook.py); without it none can be configured.
IUM_WEBHOOK_SECRET = env.str("IUM_WEBHOOK_SECRET", default="")
# Everybody who waits asks every so many seconds; 0: the server says when, by the place in the queue
# (slots/document.py). More than a minute would make people fall silent.
IUM_QUEUE_POLL_SECONDS = min(60, max(0, env.int("IUM_QUEUE_POLL_SECONDS", default=0)))
# Where the browser extension may be sent back to after its sign-in, to the letter: one address for each build
# (https://<id>.chromiumapp.org/cb, https://<sha1 of the id>.extensions.allizom.org/cb, http://127.0.0.1/mozoauth2/<hash>).
IUM_EXTENSION_REDIRECTS = read_redirects(env)
IUM_EXTENSION_CLIENT_ID = "ium-extension"
# A browser with the extension that was not used for so many days has to sign in again.
IUM_DEVICE_DAYS = env.int("IUM_DEVICE_DAYS", default=90)
# Waits, their estimates and finished stays name people; after so many days they are removed. The journal is kept.
IUM_RECORD_DAYS = max(7, env.int("IUM_RECORD_DAYS", default=180))
# Makes the pseudonyms of people in reports (ium/lib/pseudonyms.py); without it the secret key does.
IUM_PSEUDONYM_KEY = env.str("IUM_PSEUDONYM_KEY", default="")
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
IUM_SIGN_IN = read_providers(env) or (demo_providers(IUM_SIMULATOR_URL) if IUM_DEMO else ())
SESSION_COOKIE_AGE = int(timedelta(days=env.int("IUM_SESSION_DAYS", default=14)).total_seconds())
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

DATABASES: dict[str, dict[str, Any]] = {
    "default": env.db("DATABASE_URL", default=f"sqlite:///{DATA_DIR / 'ium.sqlite3'}")
}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
IS_SQLITE = DATABASES["default"]["ENGINE"].endswith("sqlite3")
if IS_SQLITE:
    # IMMEDIATE is what removes "database is locked": a deferred transaction that turns from reading to
    # writing fails at once, whatever the timeout.
    DATABASES["default"]["OPTIONS"] = {
        "timeout": 20,
        "transaction_mode": "IMMEDIATE",
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA mmap_size=134217728;"
            " PRAGMA journal_size_limit=27103364; PRAGMA cache_size=2000"
        ),
    }
# Without persistent connections a small call costs 25 times as much with PostgreSQL, 3 times with SQLite.
DATABASES["default"]["CONN_MAX_AGE"] = 60
DATABASES["default"]["CONN_HEALTH_CHECKS"] = not IS_SQLITE
# Processes on several machines must agree about the time: PostgreSQL says it.
IUM_DATABASE_CLOCK = not IS_SQLITE

# --- Celery -------------------------------------------------------------------------------------

REDIS_URL = env.str("REDIS_URL", default="redis://127.0.0.1:6379/0")
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
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
EMAIL_TIMEOUT = 10
DEFAULT_FROM_EMAIL = SERVER_EMAIL = env.str("IUM_MAIL_FROM", default="ium@localhost")
# Who is told about problems where a site names nobody.
ADMINS = [(address, address) for address in env.list("IUM_ADMINS", default=[])]

# --- Languages and time -------------------------------------------------------------------------

USE_TZ = True
TIME_ZONE = env.str("IUM_TIME_ZONE", default="UTC")
USE_I18N = True
LANGUAGE_CODE = "en-gb"
LANGUAGES = [("en-gb", _("English")), ("de", _("German"))]
LOCALE_PATHS = [BASE_DIR / "ium" / "locale"]

# --- Static files -------------------------------------------------------------------------------

STATIC_URL = "/static/"
# In a container they are part of the image, not of the data.
STATIC_ROOT = Path(env.str("IUM_STATIC", default=str(DATA_DIR / "static")))
STATICFILES_DIRS = [BASE_DIR / "ium" / "static"]
WHITENOISE_USE_FINDERS = DEBUG
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- API ----------------------------------------------------------------------------------------

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "ium.directory.authentication.DeviceTokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["slots.api.parsers.StrictJSONParser"],
    "DEFAULT_THROTTLE_CLASSES": ["slots.api.throttles.PersonThrottle"],
    # OPTIONS is answered before it gets there (ium/middleware.py).
    "DEFAULT_METADATA_CLASS": None,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "slots.api.problems.problem_response",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "IUM",
    "DESCRIPTION": "Ask for a Jira slot, keep it, hand it back.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.AllowAny"],
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1",
}

# --- Admin --------------------------------------------------------------------------------------

SIMPLE_HISTORY_REVERT_DISABLED = False
UNFOLD = {
    "SITE_TITLE": "IUM",
    "SITE_HEADER": "IUM",
    "SITE_SUBHEADER": _("Jira licences, shared"),
    "SITE_SYMBOL": "key_vertical",
    "SITE_FAVICONS": [
        {
            "rel": "icon",
            "type": "image/svg+xml",
            "href": lambda _request: staticfiles_storage.url("ium/icon.svg"),
        }
    ],
    "SITE_URL": reverse_lazy("queue"),
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "DASHBOARD_CALLBACK": "ium.dashboard.dashboard",
    "SIDEBAR": {"show_search": True, "navigation": "ium.dashboard.navigation"},
}

# --- Log ----------------------------------------------------------------------------------------

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # One line per job every few seconds says nothing; what jobs did is in the journal and on the jobs page.
    "loggers": {
        name: {"level": "WARNING"}
        for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")
    },
    "root": {"handlers": ["console"], "level": env.str("IUM_LOG_LEVEL", default="INFO")},
}
