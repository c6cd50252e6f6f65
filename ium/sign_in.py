"""Signing in to the queue page: a local account, or with the simulated Jira a plain choice of person."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from ium.directory.models import GroupMembership, User

SHOWN_PEOPLE = 12


class SignInView(LoginView):
    """Local accounts; in the demo also a choice of simulated people, and it says so."""

    template_name = "ium/sign_in.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        """Sign in the chosen simulated person, or check login name and password."""
        if "account_id" in request.POST:
            return self._choose(request)
        return super().post(request, *args, **kwargs)

    def _choose(self, request: HttpRequest) -> HttpResponse:
        if not settings.IUM_DEMO:
            raise PermissionDenied("Choosing a person exists only with the simulated Jira.")
        user = get_object_or_404(_demo_people(), account_id=request.POST["account_id"])
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add the people to choose from."""
        context = super().get_context_data(**kwargs)
        if settings.IUM_DEMO:
            search = self.request.GET.get("person", "").strip()
            people = _demo_people().order_by("display_name")
            context["search"] = search
            context["people"] = people.filter(display_name__icontains=search)[:SHOWN_PEOPLE]
        return context


def _demo_people() -> Any:
    """Return people without any right in IUM: nobody becomes an administrator by choice."""
    members = GroupMembership.objects.filter(group__user_pools__isnull=False)
    return User.objects.filter(
        pk__in=members.values("user_id"), is_staff=False, is_superuser=False, is_active=True
    )


class SignOutView(LogoutView):
    """Ends the session."""

    next_page = "sign-in"
