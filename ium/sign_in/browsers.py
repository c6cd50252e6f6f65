"""Names for browsers that people recognise in the list of their devices."""

# In this order: most browsers also claim to be Chrome and Safari.
BROWSERS = {
    "Edg/": "Edge",
    "OPR/": "Opera",
    "Vivaldi/": "Vivaldi",
    "Firefox/": "Firefox",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
# Android says that it is Linux, an iPad that it is like Mac OS X.
SYSTEMS = {
    "Windows": "Windows",
    "iPhone": "iOS",
    "iPad": "iPadOS",
    "Android": "Android",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}


def browser_name(user_agent: str) -> str:
    """Return browser and system, such as "Firefox, Windows"; what is not recognised is left out."""
    tables = (BROWSERS, SYSTEMS)
    found = [next((n for sign, n in t.items() if sign in user_agent), "") for t in tables]
    return ", ".join(name for name in found if name)
