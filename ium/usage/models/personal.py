"""People as those whose data IUM stores: no table of its own, only a page of the admin and two rights."""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from ium.directory.models import User


class PersonalDataManager(models.Manager["PersonalData"]):
    """People known from Jira; a local account is deleted where it is edited."""

    def get_queryset(self) -> "models.QuerySet[PersonalData]":
        """Leave local accounts out."""
        return super().get_queryset().exclude(account_id=None)


class PersonalData(User):
    """A person, and everything that IUM stores about them."""

    objects: ClassVar[PersonalDataManager] = PersonalDataManager()  # type: ignore[assignment] # of the proxy

    class Meta:
        proxy = True
        verbose_name = _("personal data")
        verbose_name_plural = _("personal data")
        permissions = [
            ("view_names", _("Can see names instead of pseudonyms in reports")),
            ("handle_personal_data", _("Can export and delete everything about a person")),
        ]
