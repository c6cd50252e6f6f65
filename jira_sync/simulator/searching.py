"""Filters of the Organizations API's search bodies: lists of texts that all must fit."""

from __future__ import annotations

from collections.abc import Collection

from jira_sync.simulator.organisation_auth import bad_request


def text_list(document: dict[str, object], name: str) -> list[str] | None:
    """A list of texts from a body, or nothing when it was not given."""
    value = document.get(name)
    if value is None:
        return None
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise bad_request(f"{name} is not a list of texts.")
    return value


def matching(document: dict[str, object], name: str, values: Collection[str]) -> bool:
    """Whether a filter lets something with these values through; an absent or empty one lets all."""
    wanted = text_list(document, name)
    return not wanted or any(value in values for value in wanted)


def words(document: dict[str, object], name: str, allowed: frozenset[str]) -> set[str]:
    """A list of fixed words, such as ``expand``; an unknown one is refused."""
    found = set(text_list(document, name) or ())
    if found - allowed:
        raise bad_request(f"{name} does not know {', '.join(sorted(found - allowed))}.")
    return found
