"""The composition: puts the admin site and the schedules together."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IumConfig(AppConfig):
    """The project itself as an application: management commands, admin additions, schedules."""

    name = "ium"
    verbose_name = "IUM"

    def ready(self) -> None:
        """Write the schedules that are missing, after django-celery-beat's tables are there."""
        from django.apps import apps

        from ium.schedule import schedules_ensure

        post_migrate.connect(schedules_ensure, sender=apps.get_app_config("django_celery_beat"))
