"""Everything that can go wrong between IUM and Jira, as one small set of exceptions.

A caller needs four things and finds them on every `JiraError`:

* `message`: what happened and what to do, in words for people; safe to show and to keep;
* `code`: the same for machines; stable, used in the journal and in the API;
* `retryable`: whether the same call can succeed later without anybody changing anything;
* `affects`: how far the refusal reaches: this person ("user"), this group and so its pool
  ("group"), or everything that uses the connection ("site").

`detail` is for the administrator: method, path pattern, status, Jira's own code and text, trace id.
It never holds a key, and names people by nothing but what Jira itself wrote.
"""

# ruff: noqa: N818 - the names say what happened ("outcome unknown"); "Error" would add nothing

from __future__ import annotations

from typing import ClassVar, Literal

Affects = Literal["user", "group", "site"]


class JiraError(Exception):
    """Jira refused, failed, or could not be asked.

    `retry_after` is in seconds, `None` when Jira did not say. `status` and `api_code` are Jira's
    HTTP status and error code (`ADMIN-UAM-409-3`), `None` when there was no answer.
    """

    code: ClassVar[str] = "jira_error"
    text: ClassVar[str] = "Jira could not do what IUM asked. Try again, or ask your administrator."
    retryable: ClassVar[bool] = False
    reach: ClassVar[Affects] = "site"

    def __init__(
        self,
        detail: str = "",
        *,
        message: str | None = None,
        retry_after: float | None = None,
        status: int | None = None,
        api_code: str | None = None,
        affects: Affects | None = None,
    ) -> None:
        super().__init__(detail)
        self.detail = detail
        self.message = message if message is not None else self.text
        self.retry_after = retry_after
        self.status = status
        self.api_code = api_code
        self.affects: Affects = affects if affects is not None else self.reach

    def __str__(self) -> str:
        return self.message

    def __repr__(self) -> str:
        return f"{type(self).__name__}(code={self.code!r}, detail={self.detail!r})"


class JiraUnreachable(JiraError):
    """No usable answer, and surely nothing was changed.

    A write failed before it was sent (refused connection, DNS, TLS), or a read got no answer.
    """

    code = "jira_unreachable"
    text = (
        "IUM cannot reach Jira at the moment. Nothing was changed, and IUM keeps trying. "
        "If this lasts, check the network and status.atlassian.com."
    )
    retryable = True


class OutcomeUnknown(JiraError):
    """A change was sent and no clear answer came back: it may or may not have happened.

    The caller reads the membership back and then repeats. Timeouts, cut connections, 5xx.
    """

    code = "outcome_unknown"
    text = (
        "Jira did not say whether the change was made. IUM checks the group and repeats the "
        "change if needed; nobody has to do anything."
    )
    retryable = True


class RateLimited(JiraError):
    """HTTP 429, or IUM's own pace: the request was not carried out. See `retry_after`."""

    code = "rate_limited"
    text = "Jira asks IUM to slow down. IUM waits and then continues by itself."
    retryable = True


class KeyRefused(JiraError):
    """HTTP 401 with every key of the connection: wrong, revoked or expired."""

    code = "key_refused"
    text = (
        "Jira does not accept the key. It is wrong, was revoked or has expired (Atlassian's keys "
        "live at most one year). Create a new key and enter it in the site's settings."
    )


class NotAllowed(JiraError):
    """HTTP 403, or 401 "insufficient scope": the key is good but may not do this."""

    code = "not_allowed"
    text = (
        "The key is valid but not allowed to do this. Use a key of an organisation administrator; "
        "if the key was created with scopes, create one without."
    )


class NotFound(JiraError):
    """HTTP 404 without saying what is missing."""

    code = "not_found"
    text = (
        "Jira does not find what IUM asked for. Check the site address, the organisation id and "
        "the group in the settings."
    )


class UserNotFound(NotFound):
    """The person is not in the directory of the site: deleted, never invited, or elsewhere."""

    code = "user_not_found"
    text = (
        "Jira does not know this person in its user directory. Invite the person to the site "
        "first, then try again."
    )
    reach = "user"


class GroupNotFound(NotFound):
    """The group was deleted, or belongs to another directory."""

    code = "group_not_found"
    text = (
        "The Jira group no longer exists or belongs to another directory. Choose an existing "
        "group in the pool's settings."
    )
    reach = "group"


class UserInactive(JiraError):
    """The account is deactivated or suspended in Atlassian."""

    code = "user_inactive"
    text = (
        "This person's Atlassian account is not active. Reactivate it in Atlassian's user "
        "administration, then try again."
    )
    reach = "user"


class GroupReadOnly(JiraError):
    """The group is synchronised from an identity provider; only that may change its members."""

    code = "group_read_only"
    text = (
        "The members of this group are managed by your identity provider, so IUM cannot change "
        "them. Choose a group that is managed in Atlassian."
    )
    reach = "group"


class LicenceLimitReached(JiraError):
    """Atlassian has no licence left for a product that the group grants. Surely not added."""

    code = "licence_limit_reached"
    text = (
        "Atlassian reports that all licences of the product are in use. Lower the pool's assigned "
        "licences, free licences elsewhere, or buy more."
    )
    retryable = True
    reach = "group"


class RequestRefused(JiraError):
    """Any other 4xx: Jira understood and said no. Surely not done."""

    code = "request_refused"
    text = (
        "Jira refused the request for a reason IUM does not know. The technical details name "
        "Jira's own words."
    )
    reach = "user"


class BadAnswer(JiraError):
    """The answer cannot be understood: not JSON, wrong shape, a redirect, a foreign address."""

    code = "bad_answer"
    text = (
        "Jira's answer could not be understood. Check the site address, and that no proxy or "
        "sign-in page stands between IUM and Jira."
    )
    retryable = True


class ListChanged(JiraError):
    """A list kept changing while it was read page by page, so it may have gaps. Read it again."""

    code = "list_changed"
    text = "The group kept changing while IUM read it. IUM reads it again later."
    retryable = True
    reach = "group"


class ConnectionIncomplete(JiraError):
    """The connection lacks something that Jira cannot tell unambiguously."""

    code = "connection_incomplete"
    text = "The connection to Jira is not complete. Fill in the missing values in its settings."


class AlreadyMember(JiraError):
    """Jira says that the person is in the group already. Success for IUM; stays inside."""

    code = "already_member"
    text = "The person is already in the group. Nothing has to be done."
    reach = "user"
