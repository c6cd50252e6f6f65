"""Sites, groups and people as Jira has them, and the devices people use."""

from datetime import datetime
from typing import Any, ClassVar

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.contrib.auth.models import PermissionsMixin
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from ium.lib.fields import EncryptedTextField


class Product(models.TextChoices):
    """Products whose licences can be shared, by Atlassian's own keys."""

    JIRA = "jira-software", _("Jira")
    SERVICE_MANAGEMENT = "jira-servicedesk", _("Jira Service Management")
    CONFLUENCE = "confluence", _("Confluence")


class ConnectionState(models.TextChoices):
    """What IUM last learned about its connection to a site."""

    UNKNOWN = "unknown", _("not tried yet")
    OK = "ok", _("working")
    UNREACHABLE = "unreachable", _("Jira cannot be reached")
    REFUSED = "refused", _("Jira refuses the key")


class Site(models.Model):
    """One Atlassian site and its organisation, with the credentials IUM uses."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    url = models.URLField(
        _("address"),
        unique=True,
        help_text=_("Where people open Jira, for example https://acme.atlassian.net"),
    )
    api_url = models.URLField(
        _("address of Atlassian's API"),
        default="https://api.atlassian.com",
        help_text=_("Leave as it is, except with the simulated Jira."),
    )
    cloud_id = models.CharField(
        _("cloud id"), max_length=64, blank=True, help_text=_("Needed for scoped API tokens only.")
    )
    org_id = models.CharField(
        _("organisation id"),
        max_length=64,
        blank=True,
        help_text=_("The part after /o/ in the address of admin.atlassian.com"),
    )
    directory_id = models.CharField(
        _("directory id"),
        max_length=64,
        blank=True,
        help_text=_("Found by itself when left empty."),
    )
    org_key = EncryptedTextField(_("organisation key"), blank=True)
    org_key_expires_on = models.DateField(_("organisation key ends on"), null=True, blank=True)
    second_org_key = EncryptedTextField(
        _("second organisation key"),
        blank=True,
        help_text=_("While you change keys both are valid; the first one is tried first."),
    )
    api_email = models.EmailField(_("e-mail of the API token"), blank=True)
    api_token = EncryptedTextField(_("API token"), blank=True)
    api_token_expires_on = models.DateField(_("API token ends on"), null=True, blank=True)
    api_token_scoped = models.BooleanField(_("API token has scopes"), default=False)
    alert_emails = models.TextField(
        _("administrators' e-mail addresses"),
        blank=True,
        help_text=_("Problems are reported to these, one address per line."),
    )
    connection_state = models.CharField(
        max_length=16, choices=ConnectionState, default=ConnectionState.UNKNOWN, editable=False
    )
    connection_message = models.TextField(blank=True, editable=False)
    connection_failures = models.PositiveIntegerField(default=0, editable=False)
    connection_changed_at = models.DateTimeField(null=True, editable=False)
    people_synced_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        verbose_name = _("site")
        verbose_name_plural = _("sites")

    def __str__(self) -> str:
        return self.name

    @property
    def is_down(self) -> bool:
        """Whether Jira or the key fails: holders keep what they have and nothing is promised."""
        return self.connection_state in {ConnectionState.UNREACHABLE, ConnectionState.REFUSED}

    @property
    def is_well(self) -> bool:
        """Whether the last call worked: another one that works is no news."""
        return self.connection_state == ConnectionState.OK and not self.connection_failures


class UserManager(BaseUserManager["User"]):
    """Creates people: from Jira by account id, or local ones by login name."""

    def create_user(self, username: str, password: str | None = None, **fields: Any) -> "User":
        """Create a person who signs in locally; without a password nobody can."""
        user = self.model(username=username, **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, username: str, password: str, **fields: Any) -> "User":
        """Create an administrator of IUM."""
        return self.create_user(username, password, is_staff=True, is_superuser=True, **fields)


class AccountStatus(models.TextChoices):
    """Whether the Atlassian account can be used."""

    ACTIVE = "active", _("active")
    SUSPENDED = "suspended", _("suspended")
    CLOSED = "closed", _("closed")


class User(AbstractBaseUser, PermissionsMixin):
    """A person: mirrored from Jira (then with an account id), or a local administrator."""

    username = models.CharField(_("login name"), max_length=150, unique=True)
    account_id = models.CharField(
        _("Atlassian account id"), max_length=128, unique=True, null=True, blank=True
    )
    display_name = models.CharField(_("name"), max_length=255, blank=True)
    email = models.EmailField(_("e-mail"), blank=True)
    account_status = models.CharField(
        _("account"), max_length=16, choices=AccountStatus, default=AccountStatus.ACTIVE
    )
    # Site and organisation administrators: IUM never touches them (promise 7).
    is_protected = models.BooleanField(_("Jira administrator"), default=False)
    # "Do not show again" of the notice about the browser extension.
    hides_extension_notice = models.BooleanField(
        _("hides the extension notice"), default=False, db_default=False
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    is_staff = models.BooleanField(_("may use the admin"), default=False)
    date_joined = models.DateTimeField(default=timezone.now, editable=False)

    objects: ClassVar[UserManager] = UserManager()

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_full_name(self) -> str:
        """Return the name to show, as Django's admin asks for it."""
        return str(self)

    def get_short_name(self) -> str:
        """Return the name to show, as Django's admin asks for it."""
        return str(self)


class Group(models.Model):
    """A Jira group. Names can change in Jira, the group id cannot."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="groups")
    group_id = models.CharField(_("group id"), max_length=64)
    name = models.CharField(_("name"), max_length=255)
    members = models.ManyToManyField(
        User, through="GroupMembership", related_name="jira_groups", verbose_name=_("members")
    )
    is_read_only = models.BooleanField(
        _("managed elsewhere"), default=False, help_text=_("Filled by an identity provider.")
    )
    # What the group gives, as [{"product", "roles", "takes_licence"}]; None while it was never read.
    grants = models.JSONField(_("gives"), null=True, editable=False)
    is_admin = models.BooleanField(_("administrators' group"), default=False, editable=False)
    # Products (keys) that put newly approved people into this group, past IUM.
    default_for = models.JSONField(_("default group of"), default=list, editable=False)
    read_at = models.DateTimeField(_("last read"), null=True, editable=False)
    missing_since = models.DateTimeField(_("missing in Jira since"), null=True, editable=False)
    members_read_at = models.DateTimeField(_("members last read"), null=True, editable=False)

    class Meta:
        verbose_name = _("group")
        verbose_name_plural = _("groups")
        constraints = [
            models.UniqueConstraint(fields=["site", "group_id"], name="group_once_per_site")
        ]

    def __str__(self) -> str:
        return self.name


class GroupMembership(models.Model):
    """That a person was a member of a group when IUM last looked."""

    group = models.ForeignKey(Group, on_delete=models.CASCADE, related_name="memberships")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="memberships")

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        constraints = [
            models.UniqueConstraint(fields=["group", "user"], name="member_once_per_group")
        ]

    def __str__(self) -> str:
        return f"{self.user} in {self.group}"


class Project(models.Model):
    """A Jira project by one of its keys: its type tells which product `/browse/KEY-1` belongs to."""

    site = models.ForeignKey(Site, on_delete=models.CASCADE, related_name="projects")
    key = models.CharField(_("key"), max_length=255)
    type_key = models.CharField(_("type"), max_length=64)

    class Meta:
        verbose_name = _("project")
        verbose_name_plural = _("projects")
        constraints = [
            models.UniqueConstraint(fields=["site", "key"], name="project_key_once_per_site")
        ]

    def __str__(self) -> str:
        return self.key


class ExtensionBrowser(models.TextChoices):
    """The browsers the extension is built for, as it names them itself."""

    CHROME = "chrome", _("Chrome")
    EDGE = "edge", _("Edge")
    FIREFOX = "firefox", _("Firefox")
    OTHER = "other", _("other browser")


class DeviceQuerySet(models.QuerySet["Device"]):
    """Devices by whether their token still opens anything."""

    def usable(self, at: datetime) -> "DeviceQuerySet":
        """Return devices that are neither signed out nor expired."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=at), signed_out_at=None)

    def with_open_token(self, at: datetime) -> "DeviceQuerySet":
        """Return devices whose access token opens something now; others have to renew it first."""
        return self.usable(at).filter(Q(token_expires_at=None) | Q(token_expires_at__gt=at))


class Device(models.Model):
    """A browser that may act for a person, known by the hash of its token."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="devices")
    token_hash = models.CharField(max_length=64, unique=True, editable=False)
    label = models.CharField(_("device"), max_length=200, blank=True)
    created_at = models.DateTimeField(_("signed in"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    expires_at = models.DateTimeField(_("ends"), null=True, blank=True)
    signed_out_at = models.DateTimeField(_("signed out"), null=True, editable=False)
    # Of browsers that the extension signed in (ium/directory/devices.py); the others have one long-lived token.
    token_expires_at = models.DateTimeField(null=True, editable=False)
    refresh_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    family_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    code_hash = models.CharField(max_length=64, unique=True, null=True, editable=False)
    # What the extension said of itself in its calls; empty while the device never was one.
    extension_version = models.CharField(
        _("extension"), max_length=24, blank=True, db_default="", default="", editable=False
    )
    extension_browser = models.CharField(
        _("browser"),
        max_length=16,
        choices=ExtensionBrowser,
        blank=True,
        db_default="",
        default="",
        editable=False,
    )
    extension_seen_at = models.DateTimeField(_("extension last seen"), null=True, editable=False)

    objects = DeviceQuerySet.as_manager()

    class Meta:
        verbose_name = _("device")
        verbose_name_plural = _("devices")

    def __str__(self) -> str:
        return self.label or f"#{self.pk}"
