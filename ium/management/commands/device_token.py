"""Print API tokens: for tools and tests with shell access to the server."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from ium.directory.services import device_create
from ium.lib import clock
from ium.lib.errors import NotFound


class Command(BaseCommand):
    """`device_token --account-id ID [--account-id ID …]` prints one token per line, in the order asked."""

    help = "Create API tokens for people, and print one per line in the order asked."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the accounts and the device's name."""
        parser.add_argument("--account-id", action="append", required=True, dest="account_ids")
        parser.add_argument("--label", default="command line", help="name of the device")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        """Create all tokens or none."""
        tokens = []
        for account_id in options["account_ids"]:
            try:
                _device, token = device_create(
                    account_id=account_id, label=options["label"], at=clock.now()
                )
            except NotFound as error:
                raise CommandError(str(error.message)) from error
            tokens.append(token)
        self.stdout.write("\n".join(tokens))
