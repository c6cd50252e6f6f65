"""Finds every address of IUM, so that nothing can be added without somebody deciding who may use it."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver


@dataclass(frozen=True)
class Endpoint:
    """One address: its pattern as one reads it, its full name, and its view."""

    path: str
    name: str
    view: Callable[..., Any]


def readable(pattern: str) -> str:
    """Return a pattern with a name in place of each expression, and * where it has none."""
    plain = pattern.removeprefix("^").removesuffix("$").removesuffix(r"\Z")
    named = re.sub(r"\(\?P<(\w+)>[^)]*\)", r"<\1>", plain)
    return re.sub(r"\((?!\?)[^)]*\)", "<*>", re.sub(r"<\w+:(\w+)>", r"<\1>", named))


def endpoints(resolver: URLResolver, before: str = "/", names: str = "") -> Iterator[Endpoint]:
    """Yield every address below a resolver, in the order in which Django looks."""
    for pattern in resolver.url_patterns:
        path = before + readable(str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            inner = f"{names}{pattern.namespace}:" if pattern.namespace else names
            yield from endpoints(pattern, path, inner)
        elif isinstance(pattern, URLPattern):
            yield Endpoint(path, f"{names}{pattern.name or ''}", pattern.callback)
