"""The steps of the installation in words, by browser."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from ium.directory.models import ExtensionBrowser


@dataclass(frozen=True)
class Step:
    """One thing to do: its name, and how."""

    title: str
    text: str


def name_of(browser: ExtensionBrowser) -> str:
    """Return the browser's name, as it stands in a sentence and on a button."""
    return _("Another browser") if browser == ExtensionBrowser.OTHER else str(browser.label)


def steps(browser: ExtensionBrowser, *, has_link: bool, server: str) -> list[Step]:
    """Return what somebody with this browser does, in order."""
    return [
        Step(_("Install it"), _install(browser) if has_link else _without_link()),
        Step(_("Keep it in sight"), _pin(browser)),
        Step(
            _("Sign in"),
            _(
                "Press the IUM symbol next to the address line, then “Sign in”. If it asks for the server, enter"
                " %(server)s. A window opens and closes by itself when you are signed in here already."
            )
            % {"server": server},
        ),
        Step(
            _("Open Jira"),
            _(
                "From now on everything you do in Jira counts by itself. When a link in Jira leads to IUM, Jira may"
                " warn that you are about to open an external link. That is expected: check that the address"
                " begins with %(server)s, then press “Continue”."
            )
            % {"server": server},
        ),
    ]


def _without_link() -> str:
    return _(
        "Your administrator has not entered a link yet. Your company may install it for you; otherwise ask for it."
    )


def _install(browser: ExtensionBrowser) -> str:
    texts = {
        ExtensionBrowser.CHROME: _(
            "Follow the link and press “Add to Chrome”, then “Add extension”."
        ),
        ExtensionBrowser.EDGE: _("Follow the link and press “Get”, then “Add extension”."),
        ExtensionBrowser.FIREFOX: _(
            "Follow the link and press “Add to Firefox”, then “Add”. Leave the access to atlassian.net on."
        ),
        ExtensionBrowser.OTHER: _(
            "Browsers made from Chromium, such as Brave, Opera and Vivaldi, can use what is made for Chrome. On"
            " telephones, and in Safari, there is no extension."
        ),
    }
    return texts[browser]


def _pin(browser: ExtensionBrowser) -> str:
    if browser == ExtensionBrowser.FIREFOX:
        return _(
            "Press the jigsaw piece next to the address line, then the cog beside IUM, then “Pin to Toolbar”. Its"
            " symbol shows whether you have a slot."
        )
    return _(
        "Press the jigsaw piece next to the address line, then the pin beside IUM. Its symbol shows whether you have"
        " a slot."
    )
