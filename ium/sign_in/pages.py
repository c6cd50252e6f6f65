"""Signing in to the queue page: a local account, or with the simulated Jira a plain choice of person."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.views import LoginView, LogoutView
from django.core.exceptions import PermissionDenied
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse

from ium.directory.models import GroupMembership, User
from slots.queue_page.strict import StrictPageMixin

SHOWN_PEOPLE = 12


class SignInView(StrictPageMixin, LoginView):
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
        user = get_object_or_404(
            _demo_people(), account_id=request.POST["account_id"].replace("\x00", "")
        )
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return redirect(self.get_success_url())

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        """Add where to go on, and in the demo the people to choose from."""
        context = super().get_context_data(**kwargs)
        context["queue_url"] = reverse("queue")
        context["demo"] = settings.IUM_DEMO
        if settings.IUM_DEMO:
            context.update(_chooser(self.request.GET.get("person", "").strip()))
        return context


def _chooser(search: str) -> dict[str, Any]:
    """Return the first people whose name contains the text, and whether there are more."""
    found = _demo_people().filter(display_name__icontains=search)
    people = list(found.order_by("display_name", "pk")[: SHOWN_PEOPLE + 1])
    return {
        "search": search,
        "people": people[:SHOWN_PEOPLE],
        "more_people": len(people) > SHOWN_PEOPLE,
    }


def _demo_people() -> QuerySet[User]:
    """Return people without any right in IUM: nobody becomes an administrator by choice."""
    shares = GroupMembership.objects.filter(group__user_pools__isnull=False, user=OuterRef("pk"))
    return User.objects.filter(
        Exists(shares), account_id__isnull=False, is_staff=False, is_superuser=False, is_active=True
    )


class SignOutView(LogoutView):
    """Ends the session."""

    next_page = "sign-in"
