"""What pages that IUM does not build itself need to offer the sign-ins."""

from django import template
from django.conf import settings

from ium.sign_in.configuration import Provider

register = template.Library()


@register.simple_tag
def sign_in_providers() -> tuple[Provider, ...]:
    """Return the configured sign-ins."""
    found: tuple[Provider, ...] = settings.IUM_SIGN_IN
    return found
