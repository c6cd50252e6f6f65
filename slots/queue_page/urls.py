"""Addresses of the queue page."""

from django.urls import path, register_converter

from slots.queue_page import assets, views


class Hexadecimal:
    """Digits of a colour or a digest, in lower case."""

    regex = "[0-9a-f]{6}|[0-9a-f]{16}"

    def to_python(self, value: str) -> str:
        """Return it as it is."""
        return value

    def to_url(self, value: str) -> str:
        """Return it as it is."""
        return value


register_converter(Hexadecimal, "hex")

urlpatterns = [
    path("", views.QueueView.as_view(), name="queue"),
    path("logo/<int:pk>/<hex:digest>", assets.logo, name="queue-logo"),
    path("colours/<hex:light>-<hex:dark>.css", assets.style, name="queue-style"),
]
