"""People as users of the browser extension: no table of its own, only a page of the admin."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User


class ExtensionUseManager(models.Manager["ExtensionUse"]):
    """People known from Jira; local administrators need no extension."""

    def get_queryset(self) -> "models.QuerySet[ExtensionUse]":
        """Leave local accounts out."""
        return super().get_queryset().exclude(account_id=None)


class ExtensionUse(User):
    """A person, and whether they work with the extension."""

    objects: ClassVar[ExtensionUseManager] = ExtensionUseManager()  # type: ignore[assignment]

    class Meta:
        proxy = True
        verbose_name = _("person and extension")
        verbose_name_plural = _("people and the extension")
