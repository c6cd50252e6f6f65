"""The Celery application: workers and Beat start from here."""

import os

from celery import Celery

from ium.lib.logs.tasks import follow_tasks

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings")

app = Celery("ium")
app.config_from_object("django.conf:settings", namespace="CELERY")
# Beat sends tasks by name and needs none of their code.
if os.environ.get("IUM_BACKGROUND") != "beat":
    app.autodiscover_tasks()
follow_tasks()
