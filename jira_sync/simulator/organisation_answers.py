"""Refusals of the Organizations API: its codes, of which only the code is worth deciding on.

Codes "ADMIN-UAM-…" come from v2, "ADMIN-…" from v1 (section 3 of the fact sheet).
"""

from __future__ import annotations

from aiohttp import web

from jira_sync.simulator.answers import Answer, empty, jira_gateway_error, organisation_error
from jira_sync.simulator.refusals import (
    AlreadyMember,
    InactivePerson,
    InvalidRole,
    NameTaken,
    NoSeatLeft,
    NotMember,
    ReadOnlyGroup,
    Refused,
    UnknownGroup,
    UnknownPerson,
    UnlicensedProduct,
)

# code: (status, title, detail)
CODES: dict[str, tuple[int, str, str]] = {
    "ADMIN-UAM-400-1": (400, "Bad Request", "The request is not valid."),
    "ADMIN-UAM-400-2": (400, "Inactive user", "The user account is not active."),
    "ADMIN-UAM-400-3": (400, "Invalid role", "The role is not valid for the resource."),
    "ADMIN-UAM-400-4": (
        400,
        "Product not licensed",
        "The organization has no licence for the resource.",
    ),
    "ADMIN-UAM-401-1": (
        401,
        "Unauthorized",
        "The API key is missing, not valid, expired or revoked.",
    ),
    "ADMIN-UAM-401-2": (
        401,
        "Unauthorized",
        "The credentials are of a kind that is not accepted here.",
    ),
    "ADMIN-UAM-402-1": (402, "Payment Required", "A paid subscription is needed."),
    "ADMIN-UAM-403-1": (403, "Forbidden", "You do not have permission to perform this operation."),
    "ADMIN-UAM-403-2": (403, "Forbidden", "You are not allowed to manage this organization."),
    "ADMIN-UAM-404-1": (404, "Not Found", "One or more user not found in the directory"),
    "ADMIN-UAM-404-2": (404, "Not Found", "The organization was not found."),
    "ADMIN-UAM-404-3": (404, "Not Found", "The group was not found."),
    "ADMIN-UAM-405-1": (405, "Method Not Allowed", "The method is not allowed for this resource."),
    "ADMIN-UAM-409-1": (409, "Conflict", "A group with this name already exists."),
    "ADMIN-UAM-409-2": (409, "Resource conflict", "The user is already a member of the group."),
    "ADMIN-UAM-409-3": (409, "Product License Limit Exceeded", "No seat is left for the user."),
    "ADMIN-UAM-415-1": (415, "Unsupported Media Type", "Send application/json."),
    "ADMIN-UAM-500-1": (500, "Internal Server Error", "Something went wrong."),
    "ADMIN-400-4": (400, "Bad Request", "The request is not valid."),
    "ADMIN-400-24": (400, "Invalid cursor", "The page cursor is not valid."),
    "ADMIN-401-2": (401, "INSUFFICIENT_SCOPE", "The API key does not have the required scope."),
    "ADMIN-403-3": (403, "Forbidden", "You are not allowed to manage this organization."),
    "ADMIN-404-8": (404, "Not Found", "The user was not found."),
    "ADMIN-429-1": (429, "Too Many Requests", "Rate limit exceeded."),
}
REFUSALS: dict[type[Refused], str] = {
    AlreadyMember: "ADMIN-UAM-409-2",
    InactivePerson: "ADMIN-UAM-400-2",
    InvalidRole: "ADMIN-UAM-400-3",
    NameTaken: "ADMIN-UAM-409-1",
    NoSeatLeft: "ADMIN-UAM-409-3",
    # 404-1 also stands for "not a member any more": the code says resource, the text says user.
    NotMember: "ADMIN-UAM-404-1",
    ReadOnlyGroup: "ADMIN-UAM-403-1",
    UnknownGroup: "ADMIN-UAM-404-3",
    UnknownPerson: "ADMIN-UAM-404-1",
    UnlicensedProduct: "ADMIN-UAM-400-4",
}
# What a fault answers when only a status was ordered.
DEFAULT_CODES = {
    400: "ADMIN-UAM-400-1",
    401: "ADMIN-UAM-401-1",
    403: "ADMIN-UAM-403-1",
    404: "ADMIN-UAM-404-1",
}


def coded(code: str, detail: str = "") -> web.Response:
    status, title, usual = CODES[code]
    return organisation_error(status, code, title, detail or usual)


def refusal(refused: Refused) -> web.Response:
    return coded(REFUSALS[type(refused)])


def limit_error(request: web.Request) -> web.Response:
    """429: v1 has a code of its own, v2 gets the gateway's bare answer."""
    if request.path.startswith("/admin/v1/"):
        return coded("ADMIN-429-1")
    return jira_gateway_error(429, "Rate limit exceeded")


def fault_error(status: int, code: str) -> web.Response:
    """The answer of an ordered fault: a documented code, or the gateway's form where there is none."""
    chosen = code or DEFAULT_CODES.get(status, "ADMIN-UAM-500-1" if status == 500 else "")
    if not chosen:
        return jira_gateway_error(status, "Simulated fault")
    _, title, detail = CODES.get(chosen, (status, "Simulated fault", "Simulated fault"))
    return organisation_error(status, chosen, title, detail)


def method_error() -> web.Response:
    return coded("ADMIN-UAM-405-1")


def no_content() -> Answer:
    """Success of a write; 204 was measured, though 200 and 201 have been seen (accept any 2xx)."""
    return empty(204)
