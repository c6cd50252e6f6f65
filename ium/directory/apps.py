"""The directory: sites, groups, people, devices."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DirectoryConfig(AppConfig):
    """Sites, groups and people as Jira has them."""

    name = "ium.directory"
    label = "directory"
    verbose_name = _("People and sites")
