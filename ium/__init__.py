"""IUM: shares a fixed number of Jira licences among many people."""

from ium.celery import app as celery_app

__all__ = ["celery_app"]
