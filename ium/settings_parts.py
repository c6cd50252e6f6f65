"""Parts of the settings that are long, and the same everywhere: ium/settings.py takes them over."""

from django.contrib.staticfiles.storage import staticfiles_storage
from django.urls import reverse_lazy
from django.utils.translation import gettext_lazy as _

VERSION = "0.1.0"

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
