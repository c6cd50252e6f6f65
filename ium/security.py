"""What browsers may do with IUM's answers. Each policy is the strictest with which its pages work.

`tests/security/test_browser.py` opens the admin in Chromium and fails on any complaint about these policies.
"""

from django.http import HttpResponseBase

from slots.queue_page.strict import POLICY as PAGE

# Nothing can be loaded or run from an answer that is no page: JSON, text, a picture opened by itself.
NOTHING = "default-src 'none'; frame-ancestors 'none'"

# Unfold's Alpine makes functions from attributes ('unsafe-eval') and sets the colours of the theme in a <style>
# and sizes in style attributes ('unsafe-inline' for styles only). No inline script runs.
ADMIN = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# The browsable description of the API: Swagger sets styles in attributes and has pictures in its style sheet.
DOCS = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)

# IUM asks for none of the things that browsers can give a page.
PERMISSIONS = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)


# By the beginning of the address; the rest is decided by the kind of answer.
POLICIES = {"/admin/": ADMIN, "/api/docs/": DOCS}


def policy_of(path: str, response: HttpResponseBase) -> str:
    """Return the content security policy: by where the page is, else by what kind of answer it is."""
    for prefix, policy in POLICIES.items():
        if path.startswith(prefix):
            return policy
    return PAGE if response.get("Content-Type", "").startswith("text/html") else NOTHING
