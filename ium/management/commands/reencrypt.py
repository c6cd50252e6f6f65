"""Bring Jira's stored credentials to the first key of IUM_ENCRYPTION_KEYS."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from ium.lib.reencrypting import reencrypt


class Command(BaseCommand):
    """Encrypts all stored secrets with the first key. May be repeated and interrupted; nothing has to stop for it."""

    help = "Encrypts stored credentials with the first of IUM_ENCRYPTION_KEYS; afterwards the others can go."

    def add_arguments(self, parser: CommandParser) -> None:
        """Take the one choice there is."""
        parser.add_argument(
            "--check", action="store_true", help="only say whether all of it is done"
        )

    def handle(self, *_: Any, check: bool, **__: Any) -> None:
        """Change or check; a failure when something is left."""
        count = reencrypt(change=not check)
        if count.unreadable:
            raise CommandError(
                f"{count.unreadable} stored secrets are opened by none of the keys. Add the key they were stored with"
                " to IUM_ENCRYPTION_KEYS, or enter the credentials anew in the admin (Sites)."
            )
        if check and count.changed:
            raise CommandError(
                f"{count.changed} stored secrets still need an older key: ./ium.sh manage reencrypt"
            )
        self.stdout.write(f"{count.changed} secrets encrypted anew, {count.newest} were already.")
        if len(settings.IUM_ENCRYPTION_KEYS) > 1:
            self.stdout.write("The first key opens all of them: the others may be taken away.")
