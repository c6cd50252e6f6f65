#!/usr/bin/env python
"""Django's command line for IUM."""

import os
import sys

from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line


def main() -> None:
    """Run a management command."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ium.settings")
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A wrong variable is no fault of the program: the sentence says what to do, a traceback would hide it.
        sys.exit(f"Error: {error}")


if __name__ == "__main__":
    main()
