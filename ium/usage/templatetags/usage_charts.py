"""JSON inside a page."""

from typing import Any

from django import template
from django.utils.html import json_script
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def json_block(data: Any) -> SafeString:
    """Return data as a block that no browser runs, safe whatever the texts in it."""
    return json_script(data)
