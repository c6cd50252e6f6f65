"""The composition: puts the admin site and the schedules together."""

from django.apps import AppConfig
from django.db.models.signals import post_migrate


class IumConfig(AppConfig):
    """The project itself as an application: management commands, admin additions, schedules."""

    name = "ium"
    verbose_name = "IUM"

    def ready(self) -> None:
        """Make tasks find their application; write missing schedules once django-celery-beat's tables are there."""
        from django.apps import apps

        # Not in ium/__init__.py: the supervisor imports the package and needs neither Celery nor Django.
        import ium.celery
        import ium.checks  # noqa: F401 - registers them
        from ium.lib.logs.statements import follow_statements
        from ium.schedule import schedules_ensure

        follow_statements()
        post_migrate.connect(schedules_ensure, sender=apps.get_app_config("django_celery_beat"))
