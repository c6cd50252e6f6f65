"""What control calls can arrange directly, without going through Atlassian's APIs."""

from __future__ import annotations

from dataclasses import fields
from typing import Any, get_args

from jira_sync.simulator import demo
from jira_sync.simulator.context import Simulator
from jira_sync.simulator.model import Grant, Group, Webhook
from jira_sync.simulator.refusals import AlreadyMember, NotMember
from jira_sync.simulator.settings import AlreadyMemberAnswer, CursorForm, Identity, Switches

Document = dict[str, Any]
CONTROL = "control"
MOST_PEOPLE = 100_000


class OrderError(ValueError):
    """A control call that cannot be understood; the text says why."""


def _number(
    document: Document, name: str, default: float, *, least: float = 0, whole: bool = True
) -> float:
    value = document.get(name, default)
    kinds = int if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not value >= least:
        raise OrderError(f'"{name}" must be a number of at least {least:g}, not {value!r}')
    return value


def _only(document: Document, *names: str) -> None:
    unknown = sorted(set(document) - set(names))
    if unknown:
        raise OrderError(f"unknown: {', '.join(unknown)}; known are {', '.join(names)}")


def reset(context: Simulator, document: Document) -> None:
    """POST /_sim/reset: a fresh organisation, of another size if wanted."""
    _only(document, "people", "seats", "delay", "bucket")
    seats = _seats(document.get("seats", context.options.seats))
    count = int(_number(document, "people", context.options.people, least=demo.FEWEST_PEOPLE))
    if count > MOST_PEOPLE:
        raise OrderError(f'"people" is at most {MOST_PEOPLE}')
    delay = _number(document, "delay", context.options.delay, whole=False)
    bucket = int(_number(document, "bucket", context.options.bucket, least=1))
    context.reset(demo.Size(count, seats), delay=delay, bucket=bucket)


def _seats(value: Any) -> dict[str, int]:
    """Seats by product."""
    if not isinstance(value, dict):
        raise OrderError('"seats" must be an object of numbers by product')
    for product in value:
        if product not in demo.SEATS:
            raise OrderError(f"no such product: {product}; known are {', '.join(demo.SEATS)}")
    return {product: int(_number(value, product, 0)) for product in value}


def options(context: Simulator, document: Document) -> None:
    """POST /_sim/options: switch behaviour on a living organisation; all or nothing."""
    own = {"delay", "bucket", "refill", "seats"}
    _only(document, *own, *(field.name for field in fields(Switches)))
    switches = _switches(document, context.switches)
    delay = _number(document, "delay", context.organisation.access.delay, whole=False)
    bucket = int(_number(document, "bucket", context.limits.capacity, least=1))
    refill = _number(document, "refill", context.limits.refill, least=1e-6, whole=False)
    seats = _seats(document.get("seats", {}))
    context.switches, context.organisation.access.delay = switches, delay
    for product, count in seats.items():
        context.organisation.set_seats(product, count)
    if {"bucket", "refill"} & set(document):
        context.limits.resize(bucket, refill)


def _switches(document: Document, now: Switches) -> Switches:
    return Switches(
        retry_after=_flag(document, "retry_after", now.retry_after),
        already_member=_choice(document, "already_member", AlreadyMemberAnswer, now.already_member),
        cursor=_choice(document, "cursor", CursorForm, now.cursor),
        last_active_lag=_number(document, "last_active_lag", now.last_active_lag, whole=False),
        webhook_backoff=_number(document, "webhook_backoff", now.webhook_backoff, whole=False),
        email_verified=_flag(document, "email_verified", now.email_verified),
        identity=_choice(document, "identity", Identity, now.identity),
    )


def _flag(document: Document, name: str, default: bool) -> bool:
    value = document.get(name, default)
    if not isinstance(value, bool):
        raise OrderError(f'"{name}" must be true or false')
    return value


def _choice(document: Document, name: str, choices: Any, default: str) -> Any:
    value = document.get(name, default)
    if value not in get_args(choices):
        raise OrderError(f'"{name}" must be one of {", ".join(get_args(choices))}, not {value!r}')
    return value


def people(context: Simulator, document: Document) -> Document:
    """POST /_sim/people {"count"}: more people, numbered on after the last; answers with their account ids."""
    _only(document, "count")
    count = int(_number(document, "count", 1, least=1))
    start = context.organisation.size_of_crowd()
    if start + count > MOST_PEOPLE:
        raise OrderError(f"at most {MOST_PEOPLE} people")
    added = [demo.person(number) for number in range(start, start + count)]
    for person in added:
        context.organisation.put_person(person)
    return {"accountIds": [person.account_id for person in added]}


def group(context: Simulator, document: Document) -> Document:
    """POST /_sim/groups {"name", "grants"?, "external"?, "default_for"?}: create a group."""
    _only(document, "name", "description", "grants", "external", "default_for")
    name = document.get("name")
    if not isinstance(name, str) or not name:
        raise OrderError('"name" is missing')
    created = context.organisation.create_group(
        name,
        description=str(document.get("description", "")),
        grants=[_grant(item) for item in _list(document.get("grants", []), "grants")],
        external=bool(document.get("external")),
        default_for=[str(key) for key in _list(document.get("default_for", []), "default_for")],
    )
    return {"groupId": created.group_id, "name": created.name}


def _grant(item: Any) -> Grant:
    """A product key, or an object of product and role."""
    if isinstance(item, str):
        return Grant(item)
    if isinstance(item, dict) and isinstance(item.get("product"), str):
        return Grant(item["product"], str(item.get("role", "atlassian/user")))
    raise OrderError('a grant is a product key or {"product", "role"}')


def _list(value: Any, name: str) -> list[Any]:
    if not isinstance(value, list):
        raise OrderError(f'"{name}" must be a list')
    return value


def _wanted_group(context: Simulator, document: Document) -> Group:
    group_id, name = document.get("groupId"), document.get("name")
    if isinstance(group_id, str):
        return context.organisation.group(group_id)
    if isinstance(name, str):
        return context.organisation.group_named(name)
    raise OrderError('"groupId" or "name" is needed')


def members(context: Simulator, document: Document) -> Document:
    """POST /_sim/members {"groupId"|"name", "add"?, "remove"?}: as by an administrator or the identity provider."""
    _only(document, "groupId", "name", "add", "remove")
    found, organisation = _wanted_group(context, document), context.organisation
    for account_id in _list(document.get("remove", []), "remove"):
        try:
            organisation.remove_member(found, str(account_id), actor=CONTROL, by_provider=True)
        except NotMember:
            continue
    for account_id in _list(document.get("add", []), "add"):
        try:
            organisation.add_member(found, str(account_id), actor=CONTROL, by_provider=True)
        except AlreadyMember:
            continue
    return {"groupId": found.group_id, "members": sorted(found.members)}


def user(context: Simulator, document: Document) -> Document:
    """POST /_sim/user {"accountId", "active"|"suspended"|"closed"|"deactivated": true, "direct"?}."""
    _only(document, "accountId", "active", "suspended", "closed", "deactivated", "direct")
    person = context.organisation.person(str(document.get("accountId")))
    if "direct" in document:
        grants = [_grant(item) for item in _list(document["direct"], "direct")]
        context.organisation.set_direct_grants(person, grants)
    wanted = [name for name in ("active", "suspended", "closed", "deactivated") if name in document]
    if len(wanted) > 1 or not all(isinstance(document[name], bool) for name in wanted):
        raise OrderError("give one of active, suspended, closed, deactivated as true or false")
    for name in wanted:
        status: Any = name if document[name] else "suspended" if name == "active" else "active"
        context.organisation.set_status(person, status)
    return {"accountId": person.account_id, "status": person.status}


def webhook(context: Simulator, document: Document) -> Document:
    """POST /_sim/webhooks {"url", "secret"?, "events"?}: register a webhook without signing in."""
    _only(document, "url", "secret", "events", "name")
    return {"id": register_webhook(context, document).number}


def register_webhook(context: Simulator, document: Document) -> Webhook:
    url = document.get("url")
    if not isinstance(url, str) or not url.startswith(("http://", "https://")):
        raise OrderError('"url" must be an http or https address')
    events = tuple(
        str(event) for event in _list(document.get("events", ["jira:issue_updated"]), "events")
    )
    return context.webhooks.register(
        Webhook(
            number=context.webhooks.next_number(),
            url=url,
            secret=str(document.get("secret") or ""),
            name=str(document.get("name") or "webhook"),
            events=events,
            enabled=document.get("enabled", True) is not False,
        )
    )
