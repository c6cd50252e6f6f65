"""The environment variables of IUM, by section. `docs/configuration.md` is made from this."""

# ruff: noqa: E501 - a table reads better in whole lines
import re
from functools import cache

from ium.configuration.variable import Variable as Var

LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR")

SECTIONS: dict[str, tuple[Var, ...]] = {
    "Where things are": (
        Var("IUM_DATA", "Folder of database, logs, secrets and broker.", "folder", otherwise="`data` beside `ium.sh`"),
        Var("IUM_PORT", "Port of IUM.", "number", "8000", low=1, high=65535),
        Var("IUM_SIMULATOR_PORT", "Port of the simulated Jira.", "number", "8090", low=1, high=65535),
        Var("IUM_BIND", "The address the web server listens on; a proxy is to be in front of it.", default="127.0.0.1"),
        Var("IUM_WEB_WORKERS", "Processes of the web server.", "number", "1", low=1, high=64),
        Var("IUM_STATIC", "Folder of the static files.", "folder", otherwise="`static` in the data folder"),
        Var("IUM_URL", "The address that people use.", "address", "http://127.0.0.1:8000"),
        Var("IUM_SELF_URL", "The address under which a worker reaches the web server.", "address", otherwise="`IUM_URL`"),
        Var("IUM_EXTENSION_URL", "Where people get the browser extension: a store or a page of the company. The page "
          "`/extension/` leads there.", "address"),
        Var("IUM_EXTENSION_URL_CHROME", "The same for Chrome; wins over the one above.", "address"),
        Var("IUM_EXTENSION_URL_EDGE", "The same for Edge.", "address"),
        Var("IUM_EXTENSION_URL_FIREFOX", "The same for Firefox.", "address"),
    ),
    "Demo": (
        Var("IUM_DEMO", "Simulated Jira and demo data.", "flag", otherwise="1 with `./ium.sh up`, else 0"),
        Var("IUM_DEMO_CROWD", "Simulated people use the simulated Jira.", "flag", "1"),
        Var("IUM_DEMO_HISTORY", "Days of a simulated past that charts show in a new demo with a crowd; 0: none.", "number", "28", low=0, high=365),
        Var("IUM_SIMULATOR_URL", "Where the simulated Jira is.", "address", otherwise="this machine, `IUM_SIMULATOR_PORT`"),
    ),
    "Services": (
        Var("DATABASE_URL", "The database: `postgres://user:password@host:5432/name`.", "service", secret=True,
          otherwise="an SQLite file in the data folder"),
        Var("REDIS_URL", "Valkey or Redis: `redis://host:6379/0`.", "service", secret=True,
          otherwise="`./ium.sh up` runs a Valkey of its own"),
        Var("IUM_MOVE_TO", "For `./ium.sh manage move_to_postgresql`: the new database, as in `DATABASE_URL`.", "service", secret=True),
    ),
    "Secrets": (
        Var("IUM_SECRET_KEY", "Signs sessions.", secret=True, otherwise="made once by `./ium.sh up`"),
        Var("IUM_SECRET_KEY_FALLBACKS", "Earlier values of `IUM_SECRET_KEY`, separated by commas: what they signed stays "
          "valid until they are taken away ([operations](operations.md#change-secrets)).", "list", secret=True),
        Var("IUM_ENCRYPTION_KEYS", "Encrypt Jira's credentials: Fernet keys, separated by commas. The first encrypts, all "
          "decrypt.", "list", secret=True, otherwise="made once by `./ium.sh up`"),
        Var("IUM_PSEUDONYM_KEY", "Makes the pseudonyms of people in reports; changing it changes them all.", secret=True, otherwise="`IUM_SECRET_KEY`"),
        Var("IUM_WEBHOOK_SECRET", "Signs messages to webhooks (Standard Webhooks: HMAC-SHA256): `whsec_` and Base64, or any "
          "text of at least 24 characters.", secret=True),
        Var("IUM_WEBHOOK_SECRET_PREVIOUS", "The secret before: signs too, until every receiver knows the new one.", secret=True),
    ),
    "Web": (
        Var("IUM_ALLOWED_HOSTS", "Host names that IUM answers to, separated by commas.", "list",
          "127.0.0.1,localhost,[::1]"),
        Var("IUM_TRUSTED_ORIGINS", "Origins whose forms are accepted.", "list", otherwise="`IUM_URL`"),
        Var("IUM_HTTPS", "Secure cookies and HSTS.", "flag", otherwise="1 when `IUM_URL` begins with https"),
        Var("IUM_SSL_REDIRECT", "Redirect http to https (only with `IUM_HTTPS`).", "flag", "1"),
        Var("IUM_BEHIND_PROXY", "1 behind a proxy that sets `X-Forwarded-Proto` and `X-Request-ID`, and removes them from "
          "what clients send.", "flag", "0"),
        Var("IUM_CALLS_PER_MINUTE", "How often one person may call each part of the API in a minute, over all tabs and "
          "devices; 0: no limit.", "number", "600", low=0),
        Var("IUM_WEBHOOKS_PER_MINUTE", "Events of a site's webhook in a minute; 0: no limit. Jira sends what was refused "
          "again.", "number", "6000", low=0),
        Var("IUM_WRONG_TOKENS_PER_MINUTE", "Refused tokens from one address in a minute; 0: no limit.", "number", "300",
          low=0),
        Var("IUM_WRONG_PASSWORDS", "Wrong passwords from one address in five minutes; 0: no limit.", "number", "20", low=0),
        Var("IUM_QUEUE_POLL_SECONDS", "If the server is overloaded: everybody who waits asks every so many seconds. 0: the "
          "server says when.", "number", "0", low=0, high=60),
    ),
    "Sign-in": (
        Var("IUM_SIGN_IN", "Where people sign in, separated by commas, such as `okta,atlassian`; each needs variables of "
          "its own ([administrator](administrator.md#sign-in)).", "list"),
        Var("IUM_SIGN_IN_*_NAME", "The name that people see.", otherwise="made from its name in `IUM_SIGN_IN`"),
        Var("IUM_SIGN_IN_*_ISSUER", "The issuer, exactly as its discovery document has it."),
        Var("IUM_SIGN_IN_*_CLIENT_ID", "Under which name the provider knows IUM."),
        Var("IUM_SIGN_IN_*_CLIENT_SECRET", "What proves that it is IUM.", secret=True),
        Var("IUM_SIGN_IN_*_ACCOUNT_ID_CLAIM", "The claim with the Atlassian account id."),
        Var("IUM_SIGN_IN_*_BY_EMAIL", "People may be found by their confirmed e-mail address.", "flag", "0"),
        Var("IUM_SIGN_IN_*_VERIFIED_CLAIM", "The claim that says that the address was confirmed.",
          default="email_verified"),
        Var("IUM_SIGN_IN_*_PROMPT", "OpenID Connect's `prompt`, such as `select_account`."),
        Var("IUM_SIGN_INS_PER_MINUTE", "Ways to and from these sign-ins from one address in a minute; 0: no limit.",
          "number", "1200", low=0),
        Var("IUM_SESSION_DAYS", "So long a browser stays signed in to the queue page and the admin.", "number", "14",
          low=1, high=365),
        Var("IUM_EXTENSION_REDIRECTS", "Where the browser extension may be sent back to after its sign-in, separated by "
          "commas: one address for each build.", "list"),
        Var("IUM_DEVICE_DAYS", "A browser with the extension that was not used for so many days has to sign in again.",
          "number", "90", low=1),
        Var("IUM_RECORD_DAYS", "Waits, estimates of waits and finished stays, which name people, are removed after so many "
          "days; the journal is kept.", "number", "180", low=7),
    ),
    "Mail": (
        Var("EMAIL_URL", "The mail server, for example `smtp+tls://user:password@mail.example.com:587`.", "service",
          "consolemail://", secret=True, otherwise="mail goes to the log"),
        Var("IUM_MAIL_FROM", "The sender.", default="ium@localhost"),
        Var("IUM_ADMINS", "Who is told about problems where a site names nobody: addresses, separated by commas.", "list"),
    ),
    "Logs": (
        Var("IUM_LOG_LEVEL", "The least important lines that are written.", "choice", "INFO", choices=LEVELS),
        Var("IUM_LOG_FORMAT", "Lines for people, or one JSON object per line.", "choice", "text", choices=("text", "json")),
        Var("IUM_ACCESS_LOG", "One line for every request: method, route, status, milliseconds.", "flag", "0"),
        Var("IUM_SLOW_REQUEST_MS", "Requests that took longer are logged; 0: none.", "number", "2000", low=0),
        Var("IUM_SLOW_TASK_MS", "Background tasks that took longer are logged; 0: none.", "number", "20000", low=0),
        Var("IUM_SLOW_JIRA_MS", "Calls to Jira that took longer are logged; 0: none.", "number", "5000", low=0),
        Var("IUM_SLOW_SQL_MS", "Statements of the database that took longer are logged, without their values; 0: none.",
          "number", "1000", low=0),
    ),
    "Other": (
        Var("IUM_TIME_ZONE", "IUM's time zone, such as `Europe/Berlin`.", default="UTC"),
        Var("IUM_DEBUG", "1 shows errors with their source: never where others can reach it.", "flag", "0"),
        Var("IUM_PYTHON", "For `ium.sh`: the Python to set up with, if not the first one that is new enough."),
    ),
    "For developers": (
        Var("DJANGO_SETTINGS_MODULE", "The settings.", default="ium.settings", internal=True),
        Var("IUM_BACKGROUND", "Set by IUM in workers and Beat.", internal=True),
        Var("IUM_TEST_POSTGRES_URL", "For `./ium.sh test`: a PostgreSQL that runs already, instead of one started for the "
          "tests.", secret=True),
        Var("IUM_TEST_*", "Choices of the tests ([contributing](contributing.md)).", internal=True),
        Var("IUM_KILL_*", "Choices of the kill tests ([reliability](reliability.md)).", internal=True),
        Var("IUM_WHAT_IF_PEOPLE", "How many people `./ium.sh bench` of the replay invents.", internal=True),
        Var("IUM_WHAT_IF_WEEKS", "Of how many weeks.", internal=True),
        Var("IUM_BENCH_*", "Choices of the measurements.", internal=True),
        Var("IUM_SCREENSHOTS", "Where the browser tests leave pictures.", internal=True),
        Var("IUM_PICTURES", "Where the browser tests leave pictures.", internal=True),
    ),
}  # fmt: skip
VARIABLES = tuple(variable for section in SECTIONS.values() for variable in section)
_BY_NAME = {variable.name: variable for variable in VARIABLES}
_PATTERNS = tuple(
    (re.compile(variable.name.replace("*", "[A-Z0-9_]+")), variable)
    for variable in VARIABLES
    if "*" in variable.name
)


@cache
def find(name: str) -> Var:
    """Return what is known of a variable. Raises KeyError: add it to the table."""
    if name in _BY_NAME:
        return _BY_NAME[name]
    for pattern, variable in _PATTERNS:
        if pattern.fullmatch(name):
            return variable
    raise KeyError(f"{name} is not in ium/configuration/table.py")


def is_known(name: str) -> bool:
    """Whether IUM reads a variable of this name; `NAME_FILE` counts as `NAME`."""
    for each in (name, name.removesuffix("_FILE")):
        try:
            find(each)
        except KeyError:
            continue
        return True
    return False
