"""Editing an issue, and the webhook that tells of it."""

from __future__ import annotations

import time
from typing import Any

from jira_sync.simulator.context import Simulator
from jira_sync.simulator.demo import PROJECTS
from jira_sync.simulator.model import Person

UPDATED = "jira:issue_updated"


def issue_text(context: Simulator, key: str) -> str:
    return context.issues.get(key, f"Everything about {key}.")


def edit_issue(context: Simulator, person: Person, key: str, text: str) -> None:
    """Save a new description and send ``jira:issue_updated``: proof that somebody works."""
    before = issue_text(context, key)
    context.issues[key] = text
    context.webhooks.send(UPDATED, _payload(person, key, before, text))


def _payload(person: Person, key: str, before: str, text: str) -> dict[str, Any]:
    """The payload of an administrator's webhook (developer.atlassian.com, "Webhooks")."""
    project = PROJECTS[key.partition("-")[0]]
    change = {"field": "description", "fieldtype": "jira", "fromString": before, "toString": text}
    return {
        "timestamp": int(time.time() * 1000),
        "webhookEvent": UPDATED,
        "issue_event_type_name": "issue_updated",
        "user": {
            "accountId": person.account_id,
            "accountType": person.account_type,
            "displayName": person.name,
            "active": person.active,
            "timeZone": person.time_zone,
        },
        "issue": {
            "id": str(project.number * 10 + len(key)),
            "key": key,
            "fields": {
                "summary": f"{project.name}: {key}",
                "description": text,
                "project": {
                    "id": str(project.number),
                    "key": project.key,
                    "name": project.name,
                    "projectTypeKey": project.type_key,
                },
            },
        },
        "changelog": {"id": str(time.monotonic_ns()), "items": [change]},
    }
