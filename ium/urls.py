"""All addresses of IUM."""

from django.contrib import admin
from django.urls import include, path
from django.views.generic import RedirectView
from django.views.i18n import set_language
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from ium import health
from ium.help_page import HelpView
from ium.metrics import metrics
from ium.usage.replay.peak import peak_page

# Done already, except in workers that turn out to need addresses.
admin.autodiscover()

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="queue")),
    path("admin/usage/", include("ium.usage.charts.urls")),
    path("admin/usage/peak/", admin.site.admin_view(peak_page), name="usage-peak"),
    path("admin/", admin.site.urls),
    path("help/", HelpView.as_view(), name="help"),
    path("extension/", include("ium.extension_page.urls")),
    path("queue/", include("slots.queue_page.urls")),
    path("", include("ium.sign_in.urls")),
    path("language/", set_language, name="set_language"),
    path("api/v1/", include("slots.api.urls")),
    path("api/v1/reports/", include("ium.usage.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="api-docs"),
    path("webhooks/", include("jira_sync.webhooks.urls")),
    path("livez", health.livez, name="livez"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", metrics, name="metrics"),
]
