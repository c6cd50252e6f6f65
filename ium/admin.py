"""Schedules in the look of the other pages. Solar and one-time schedules are left out: no job needs them."""

from functools import partial
from typing import Any

from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.http import HttpRequest
from django.urls import URLPattern, path
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from django_celery_beat.admin import CrontabScheduleAdmin as BeatCrontabScheduleAdmin
from django_celery_beat.admin import PeriodicTaskAdmin as BeatPeriodicTaskAdmin
from django_celery_beat.admin import PeriodicTaskForm, TaskSelectWidget
from django_celery_beat.models import (
    ClockedSchedule,
    CrontabSchedule,
    IntervalSchedule,
    PeriodicTask,
    SolarSchedule,
)
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from ium.lib.admin import AsOfMixin, ModelAdmin, display
from ium.lib.spans import when
from ium.tasks_page import tasks_page

for model in (ClockedSchedule, CrontabSchedule, IntervalSchedule, PeriodicTask, SolarSchedule):
    admin.site.unregister(model)
# allauth's tables stay empty: providers are in the settings, people come from Jira.
for empty in (EmailAddress, SocialAccount, SocialApp, SocialToken):
    admin.site.unregister(empty)


class TaskSelect(UnfoldAdminSelectWidget, TaskSelectWidget):
    """Beat's list of tasks in unfold's look."""


class ScheduleForm(PeriodicTaskForm):
    """Beat's form in unfold's look."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Exchange the widgets that beat brings along."""
        super().__init__(*args, **kwargs)
        self.fields["task"].widget = UnfoldAdminTextInputWidget()
        self.fields["regtask"].widget = TaskSelect()


@admin.register(PeriodicTask)
class PeriodicTaskAdmin(BeatPeriodicTaskAdmin, AsOfMixin, ModelAdmin):
    """Which job runs how often."""

    form = ScheduleForm
    list_display = ["name", "enabled", "scheduler", "last_run", "description"]
    list_filter = [("enabled", BooleanRadioFilter)]
    date_hierarchy = None
    # Beat's own template brings an inline script, which the content security policy forbids.
    change_form_template = None
    ordering = ["name"]
    fieldsets = [
        (None, {"fields": ["name", "regtask", "task", "enabled", "description"]}),
        (
            gettext_lazy("Schedule"),
            {
                "fields": [
                    ("interval", "crontab"),
                    "crontab_translation",
                    ("start_time", "last_run_at"),
                ]
            },
        ),
        (gettext_lazy("Arguments"), {"fields": [("args", "kwargs")]}),
        (gettext_lazy("Execution"), {"fields": [("expire_seconds", "queue")]}),
    ]

    def get_urls(self) -> list[URLPattern]:
        """Add the page of tasks, before Django's address for a row."""
        own = [
            path(
                "overview/",
                self.admin_site.admin_view(partial(tasks_page, self)),
                name="ium_tasks",
            )
        ]
        return [*own, *super().get_urls()]

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Switching and starting jobs changes them; beat's own actions ask for no right."""
        allowed = self.has_change_permission(request)
        return super().get_actions(request) if allowed else {}

    @display(description=gettext_lazy("last start"), ordering="last_run_at")
    def last_run(self, task: Any) -> SafeString:
        """How long ago it was last started."""
        return when(task.last_run_at, task.as_of)

    @display(description=gettext_lazy("cron in words"))
    def crontab_translation(self, task: Any) -> str | None:
        """The cron expression in words; an interval has none."""
        return str(task.crontab.human_readable) if task.crontab is not None else None


@admin.register(IntervalSchedule)
class IntervalScheduleAdmin(ModelAdmin):
    """Every so many seconds, minutes, hours."""

    ordering = ["period", "every"]


@admin.register(CrontabSchedule)
class CrontabScheduleAdmin(BeatCrontabScheduleAdmin, ModelAdmin):
    """At certain times."""

    inlines = ()
