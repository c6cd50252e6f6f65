"""What can be set when the simulator starts, and what tests may change while it runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from jira_sync.simulator.credentials import ORG_ID

CursorForm = Literal["mixed", "token", "url"]
Identity = Literal["right", "forged", "wrong_issuer", "wrong_audience", "expired"]
AlreadyMemberAnswer = Literal["conflict", "no_content"]


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    host: str = "127.0.0.1"
    port: int = 8090
    state: Path | None = None
    seats: dict[str, int] = field(default_factory=dict)
    people: int = 300
    delay: float = 1.0
    bucket: int = 350
    ium_url: str = ""
    orgs: tuple[str, ...] = (ORG_ID,)
    verbose: bool = False


@dataclass(slots=True)
class Switches:
    """Behaviour on which Atlassian's sites differ, or which tests need otherwise (POST /_sim/options)."""

    retry_after: bool = True
    already_member: AlreadyMemberAnswer = "conflict"
    cursor: CursorForm = "mixed"
    # "Last active" is published up to 24 h late (organization REST, last-active-dates).
    last_active_lag: float = 86_400.0
    webhook_backoff: float = 0.2
    # What the OpenID provider says of e-mail addresses, and what is wrong with its identity tokens.
    email_verified: bool = True
    identity: Identity = "right"
