"""The admin's first page and its menu."""

from typing import Any

from django.http import HttpRequest


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """Add the pools' numbers to the admin's first page."""
    return context


def navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the menu."""
    return []
