"""Acting upon pools, slots and queue: who may, and saying what became of it."""

from collections.abc import Callable, Iterable
from typing import Any, cast

from django.contrib import messages
from django.db.models import Model
from django.http import HttpRequest
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.admin import ModelAdmin
from ium.lib.errors import Refused


def actor_of(request: HttpRequest) -> User:
    """Return who acts: the admin lets in nobody but users."""
    return cast("User", request.user)


class OperateMixin(ModelAdmin):
    """Actions that need the permission `slots.operate_pool`; asked on the server for every call."""

    def has_operate_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Tell whether the person may sweep, give and take back slots."""
        return request.user.has_perm("slots.operate_pool")

    def act(
        self,
        request: HttpRequest,
        rows: Iterable[Model],
        step: Callable[[Any], bool | None],
        done: Any,
    ) -> None:
        """Do something with every row; say how often it worked, and for each refusal why.

        `step` returns False when there was nothing to do; `done` is the sentence with %(number)s in it.
        """
        worked = refused = 0
        for row in rows:
            try:
                worked += step(row) is not False
            except Refused as refusal:
                refused += 1
                self.message_user(request, f"{row}: {refusal.message}", messages.ERROR)
        if worked:
            self.message_user(request, done % {"number": worked}, messages.SUCCESS)
        elif not refused:
            self.message_user(request, _("There was nothing to do."), messages.WARNING)
