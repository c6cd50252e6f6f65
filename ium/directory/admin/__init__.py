"""The admin of people and sites: mostly a mirror of Jira to look at; local accounts, keys and devices to manage."""

from django.contrib import admin
from django.contrib.auth.models import Group as PermissionGroup

from ium.directory.admin.devices import DeviceAdmin
from ium.directory.admin.groups import GroupAdmin
from ium.directory.admin.people import UserAdmin
from ium.directory.admin.sites import SiteAdmin

__all__ = ["DeviceAdmin", "GroupAdmin", "SiteAdmin", "UserAdmin"]

# Rights in IUM are given to persons; Django's own groups would only be confused with Jira's.
admin.site.unregister(PermissionGroup)
