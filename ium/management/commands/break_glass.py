"""Give everybody access, and take it back, from the command line: for the day on which nothing else works."""

import time
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from ium.directory.models import Group, User
from ium.lib import clock
from ium.lib.errors import Refused
from jira_sync.glass import (
    glass_continue,
    glass_counts,
    glass_end,
    glass_preview,
    glass_start,
    open_glass,
)
from jira_sync.models import BreakGlass, GlassState
from slots.models import LicencePool
from slots.selectors import pool_by_key

LONGEST_SLEEP = 5.0


class Command(BaseCommand):
    """`break_glass --pool KEY --group NAME [--end] [--yes]`: works without web server, broker and worker."""

    help = "Put every IUM user of a pool into a group that gives access; with --end take them out again."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add pool, group and consent."""
        parser.add_argument("--pool", required=True, help="short name of the pool")
        parser.add_argument(
            "--group", required=True, help="name of the Jira group that gives access"
        )
        parser.add_argument("--end", action="store_true", help="take the access back")
        parser.add_argument("--yes", action="store_true", help="do not ask")
        parser.add_argument(
            "--user", help="login name of who does this (else: first administrator)"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Ask, start or end, and carry it out here."""
        try:
            pool = pool_by_key(options["pool"])
            group = _group(pool, options["group"])
            actor = _actor(options["user"])
            work = self._end if options["end"] else self._start
            glass = work(pool, group, actor, ask=not options["yes"])
        except Refused as refusal:
            raise CommandError(str(refusal.message)) from refusal
        self._carry_out(glass)

    def _start(self, pool: LicencePool, group: Group, actor: User, *, ask: bool) -> BreakGlass:
        if glass := _open(pool, group):  # interrupted before: go on
            return glass
        preview = glass_preview(pool_id=pool.pk)
        left = preview.licences_left if preview.licences_left is not None else _("unknown")
        question = ngettext(
            "%(people)d person gets access through “%(group)s”; licences left: %(left)s.",
            "%(people)d people get access through “%(group)s”; licences left: %(left)s.",
            preview.people,
        )
        values = {"people": preview.people, "group": group, "left": left}
        self._ask(question % values, ask=ask)
        return glass_start(pool_id=pool.pk, group_id=group.pk, actor=actor, at=clock.now())

    def _end(self, pool: LicencePool, group: Group, actor: User, *, ask: bool) -> BreakGlass:
        glass = _open(pool, group)
        if glass is None:
            raise CommandError(_("Break glass is not in use for this pool."))
        people = glass_counts(glass).put_in
        question = ngettext(
            "%(people)d person loses the access that break glass gave.",
            "%(people)d people lose the access that break glass gave them.",
            people,
        )
        self._ask(question % {"people": people}, ask=ask)
        glass_end(glass_id=glass.pk, actor=actor, at=clock.now())
        return glass

    def _ask(self, question: str, *, ask: bool) -> None:
        self.stdout.write(question)
        if ask and input(_("Type yes to go on: ")).strip().lower() != "yes":
            raise CommandError(_("Nothing was done."))

    def _carry_out(self, glass: BreakGlass) -> None:
        """Do piece after piece, here or in a worker that is faster. Interrupt it at any time and repeat it."""
        glass.refresh_from_db()
        while glass.state in {GlassState.GIVING, GlassState.TAKING}:
            delay = glass_continue(glass_id=glass.pk)
            glass.refresh_from_db()
            if delay != 0 and glass.state in {GlassState.GIVING, GlassState.TAKING}:
                self.stdout.write(glass.message or glass.get_state_display())
                time.sleep(min(LONGEST_SLEEP, delay if delay is not None else 1.0))
        counts = glass_counts(glass)
        self.stdout.write(
            f"{glass.get_state_display()}: {counts.people} / {counts.were_members} / {counts.failed}"
            + _(" (people / had access before / could not be changed)")
        )


def _open(pool: LicencePool, group: Group) -> BreakGlass | None:
    glass = open_glass(pool)
    if glass is not None and glass.group_id != group.pk:
        raise CommandError(
            _("Break glass is in use with the group “%(group)s”.") % {"group": glass.group}
        )
    return glass


def _group(pool: LicencePool, name: str) -> Group:
    group = pool.site.groups.filter(name__iexact=name).first()
    if group is None:
        raise CommandError(_("IUM knows no group “%(name)s” on this site.") % {"name": name})
    return group


def _actor(login: str | None) -> User:
    users = User.objects.filter(username=login) if login else User.objects.filter(is_superuser=True)
    actor = users.order_by("pk").first()
    if actor is None:
        raise CommandError(_("Name an administrator with --user: the journal says who did this."))
    return actor
