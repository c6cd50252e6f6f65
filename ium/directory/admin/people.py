"""People: what Jira says about them is only shown; local accounts and rights in IUM are edited here."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.models import Permission
from django.db.models import Model, Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import (
    AutocompleteSelectFilter,
    BooleanRadioFilter,
    ChoicesDropdownFilter,
)
from unfold.forms import AdminPasswordChangeForm, UserChangeForm

from ium.directory.admin.devices import DeviceInline, SignOutMixin
from ium.directory.forms import LocalUserForm
from ium.directory.models import AccountStatus, Group, User
from ium.lib import clock
from ium.lib.admin import ModelAdmin, RadioFilter, action, display, finished, question

SIGN_OUT_ALL = gettext_lazy("Sign out all devices")
RIGHTS = ("is_staff", "is_superuser", "user_permissions")
MIRRORED = ("username", "account_id", "display_name", "email", "account_status", "is_protected")
APPS_WITH_RIGHTS = ("directory", "activity", "slots", "jira_sync", "usage", "django_celery_beat")


class HasSlotFilter(RadioFilter):
    """People by whether they have a slot."""

    title = gettext_lazy("slot")
    parameter_name = "slot"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Name the choices."""
        return [("yes", gettext_lazy("has a slot")), ("no", gettext_lazy("has none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the people who were chosen."""
        holders = User.objects.filter(slots__isnull=False).values("pk")
        if self.value() == "yes":
            return queryset.filter(pk__in=holders)
        return queryset.exclude(pk__in=holders) if self.value() == "no" else queryset


@admin.register(User)
class UserAdmin(SignOutMixin, DjangoUserAdmin, ModelAdmin):  # type: ignore[type-arg] # generic in the stubs only
    """Everybody IUM knows."""

    form = UserChangeForm
    add_form = LocalUserForm
    change_password_form = AdminPasswordChangeForm
    list_display = ["display_name", "account_id", "status", "shares", "has_slot", "is_staff"]
    list_display_links = ["display_name", "account_id"]
    list_filter = [
        HasSlotFilter,
        ("account_status", ChoicesDropdownFilter),
        ("jira_groups", AutocompleteSelectFilter),
        ("is_protected", BooleanRadioFilter),
        ("is_staff", BooleanRadioFilter),
    ]
    list_filter_submit = True
    search_fields = ["display_name", "email", "account_id", "username"]
    ordering = ["display_name", "username"]
    filter_horizontal = ["user_permissions"]
    inlines = [DeviceInline]
    actions_detail = ["sign_out_everywhere"]
    fieldsets = (
        (None, {"fields": [("display_name", "username"), ("email", "account_id")]}),
        (
            gettext_lazy("In Jira"),
            {"fields": [("account_status", "is_protected"), ("shares", "has_slot")]},
        ),
        (
            gettext_lazy("In IUM"),
            {
                "fields": [
                    "password",
                    ("is_active", "is_staff"),
                    "is_superuser",
                    "user_permissions",
                ]
            },
        ),
    )
    add_fieldsets = (
        (
            gettext_lazy("Local administrator"),
            {
                "description": gettext_lazy(
                    "Somebody who signs in here with a password. People who use Jira come from the user sync."
                ),
                "fields": [
                    "username",
                    "display_name",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ],
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Load the user groups and slots of all people of the page at once."""
        shared = Group.objects.filter(user_pools__isnull=False).distinct()
        groups = Prefetch("jira_groups", queryset=shared, to_attr="user_groups")
        return super().get_queryset(request).prefetch_related(groups, "slots__pool")

    @display(
        description=gettext_lazy("account"),
        ordering="account_status",
        label={
            AccountStatus.ACTIVE: "success",
            AccountStatus.SUSPENDED: "warning",
            AccountStatus.CLOSED: "danger",
            "local": "info",
            "protected": "default",
        },
    )
    def status(self, user: User) -> tuple[str, str]:
        """The state of the Atlassian account."""
        if user.account_id is None:
            return "local", _("local")
        if user.is_protected:
            return "protected", _("Jira administrator")
        return user.account_status, user.get_account_status_display()

    @display(description=gettext_lazy("user groups"))
    def shares(self, user: Any) -> str | None:
        """The user groups the person is in."""
        return ", ".join(group.name for group in user.user_groups) or None

    @display(description=gettext_lazy("slot"))
    def has_slot(self, user: Any) -> str | None:
        """The slots the person holds, with their state."""
        slots = user.slots.all()
        return ", ".join(f"{slot.pool} ({slot.get_state_display()})" for slot in slots) or None

    def get_inlines(self, request: HttpRequest, obj: Model | None) -> Any:
        """A new account has no devices yet."""
        return self.inlines if obj is not None else []

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """Jira decides about synced people; only an administrator with all rights gives rights."""
        fixed = ["shares", "has_slot", "account_id", "account_status", "is_protected"]
        if obj is not None and obj.account_id is not None:
            fixed.extend(MIRRORED)
        if not _has_all_rights(request.user):
            fixed.extend(RIGHTS)
        return list(dict.fromkeys(fixed))

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Offer the rights that mean something here."""
        field = super().formfield_for_manytomany(db_field, request, **kwargs)
        if field is not None and db_field.name == "user_permissions":
            offered = Permission.objects.filter(content_type__app_label__in=APPS_WITH_RIGHTS)
            field.queryset = offered.select_related("content_type").exclude(
                content_type__model__startswith="historical"
            )
        return field

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Nobody may change, or set the password of, somebody who has a right that they lack."""
        allowed = bool(super().has_change_permission(request, obj))
        return allowed and (not isinstance(obj, User) or _has_all_rights_of(request.user, obj))

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only other local accounts can be deleted, one at a time; synced people come from Jira."""
        if not isinstance(obj, User) or obj.account_id is not None or obj == request.user:
            return False
        allowed = bool(super().has_delete_permission(request, obj))
        return allowed and self.has_change_permission(request, obj)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        """A local account is there to use the admin."""
        if not change:
            obj.is_staff = True
        super().save_model(request, obj, form, change)

    @action(
        description=SIGN_OUT_ALL,
        url_path="sign-out",
        icon="logout",
        permissions=["sign_out"],
        dialog=question(
            SIGN_OUT_ALL,
            gettext_lazy("The person has to sign in again in every browser. Slots stay."),
            SIGN_OUT_ALL,
        ),
    )
    def sign_out_everywhere(
        self, request: HttpRequest, form: object, object_id: str
    ) -> HttpResponse:
        """End every device of the person."""
        user = get_object_or_404(User, pk=object_id)
        self.end(request, user.devices.usable(clock.now()))
        return finished(request, reverse("admin:directory_user_change", args=[user.pk]))


def _has_all_rights(user: Any) -> bool:
    return bool(getattr(user, "is_superuser", False))


def _has_all_rights_of(user: Any, other: User) -> bool:
    if _has_all_rights(user):
        return True
    return not other.is_superuser and other.get_all_permissions() <= user.get_all_permissions()
