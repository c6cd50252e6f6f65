"""The simulated Jira under Atlassian's own names: https://acme.atlassian.net and https://id.atlassian.com.

Browsers are told to go to this server's port for every address with port 443. It hands requests on to the simulated
Jira, with a strict content security policy as Jira has one, and adds a few pages that are hostile to extensions.
"""

import http.client
import ssl
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SITE = "https://acme.atlassian.net"
HOSTS = ("acme.atlassian.net", "id.atlassian.com")
POLICY = (
    "default-src 'self'; style-src 'self' 'unsafe-inline'; script-src 'self'; img-src 'self' data:; "
    "require-trusted-types-for 'script'"
)
# Everything a page can do to what lies over it, except scripts of its own.
HOSTILE = """<!DOCTYPE html><title>Hostile (simulated Jira)</title><style>
* { display: block !important; visibility: hidden !important; opacity: 0 !important; color: lime !important;
    font-size: 3px !important; pointer-events: none !important; transform: scale(0.1) !important; }
body::before { content: "over everything"; position: fixed; inset: 0; z-index: 2147483647;
    visibility: visible !important; opacity: 1 !important; background: red; }
</style><p>Board</p>"""
# A dialog of the page's own that makes everything else on it inert.
OWN_MODAL = """() => {
    const own = document.createElement("dialog");
    own.textContent = "Jira asks";
    document.body.append(own);
    own.showModal();
}"""
_NOT_HANDED_ON = {"transfer-encoding", "connection", "content-length", "content-encoding"}


def certificate(folder: Path) -> Path:
    """Make a self-signed certificate and its key; return the file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTS[0])])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host) for host in HOSTS]), False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "site.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + made.public_bytes(serialization.Encoding.PEM)
    )
    return path


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    jira_port = 0

    def do_GET(self) -> None:
        """Hand on, or show the hostile page."""
        if self.path.startswith("/jira/software/hostile"):
            self._answer(200, [("Content-Type", "text/html")], HOSTILE.encode())
        else:
            self._hand_on()

    def do_POST(self) -> None:
        """Hand on."""
        self._hand_on()

    def _hand_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0)) or None
        jira = http.client.HTTPConnection("127.0.0.1", self.jira_port, timeout=20)
        jira.request(self.command, self.path, body, dict(self.headers.items()))
        answer = jira.getresponse()
        content = answer.read()
        headers = [
            (name, _secure(value))
            for name, value in answer.getheaders()
            if name.lower() not in _NOT_HANDED_ON
        ]
        if "html" in (answer.getheader("Content-Type") or ""):
            content = _secure(content.decode()).encode()
        jira.close()
        self._answer(answer.status, headers, content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response(status)
        for name, value in [*headers, ("Content-Security-Policy", POLICY)]:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        """Say nothing."""


def _secure(text: str) -> str:
    """The simulated Jira does not know that it is behind TLS: its addresses are made https here."""
    for host in HOSTS:
        text = text.replace(f"http://{host}", f"https://{host}")
        text = text.replace(f"http%3A%2F%2F{host}", f"https%3A%2F%2F{host}")
    return text


class _Server(ThreadingHTTPServer):
    def handle_error(self, *_: Any) -> None:
        """Say nothing: browsers close connections in the middle."""


class Site:
    """A running server under Atlassian's names."""

    def __init__(self, jira_port: int, folder: Path) -> None:
        """Start it."""
        handler = type("Handler", (_Handler,), {"jira_port": jira_port})
        self._server = _Server(("127.0.0.1", 0), handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(folder))
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False
        )
        self.port: int = self._server.server_port
        self._thread = Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop it."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
