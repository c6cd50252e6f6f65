"""Taking a file in, and taking it out again."""

import hashlib
import hmac
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from ium.directory.models import User
from ium.lib.errors import Refused
from ium.usage.importing.periods import periods_from_imports
from ium.usage.importing.reading import Reading
from ium.usage.models import ActivitySpan, Import, ImportedPerson
from slots.models import LicencePool

BATCH = 1000


@transaction.atomic
def import_file(
    *, pool: LicencePool, reading: Reading, name: str, zone: str, at: datetime, actor: User | None
) -> Import:
    """Write what a file told; the same file again changes nothing and returns the first import.

    Raises Refused when a line could not be read, or nothing is in it: a part of a file would look like the whole.
    """
    if reading.bad_number:
        message = _("Nothing was imported: %(number)s lines cannot be read.")
        raise Refused(message % {"number": reading.bad_number}, code="bad_lines")
    if not reading.people:
        raise Refused(_("Nothing was imported: the file tells of nobody."), code="empty_file")
    spans = [span for each in reading.people.values() for span in each]
    begins, ends = min(begin for begin, _end in spans), max(end for _begin, end in spans)
    file, created = Import.objects.get_or_create(
        pool=pool,
        digest=reading.digest,
        taken_out_at=None,
        defaults={
            "name": name[:255],
            "time_zone": zone,
            "created_at": at,
            "created_by": actor,
            "lines": reading.lines,
            "people": len(reading.people),
            "spans": len(spans),
            "begins_at": _time(begins),
            "ends_at": _time(ends),
        },
    )
    if not created:  # the same file again, perhaps at this moment
        return file
    _write_spans(file, reading)
    periods_from_imports(pool=pool, since=file.begins_at, until=file.ends_at)
    return file


@transaction.atomic
def import_take_out(*, import_id: int, at: datetime) -> bool:
    """Remove everything that came from a file. False when it was taken out before."""
    file = Import.objects.select_for_update(of=("self",)).select_related("pool").get(pk=import_id)
    if file.taken_out_at is not None:
        return False
    file.activity_spans.all().delete()
    ImportedPerson.objects.filter(pool=file.pool, spans=None).delete()
    file.taken_out_at = at
    file.save(update_fields=["taken_out_at"])
    periods_from_imports(pool=file.pool, since=file.begins_at, until=file.ends_at)
    return True


def _write_spans(file: Import, reading: Reading) -> None:
    users = _known_users(reading.people)
    strangers = _strangers(file.pool, [name for name in reading.people if name not in users])
    rows = (
        ActivitySpan(
            pool=file.pool,
            user_id=users.get(name),
            imported_person_id=strangers.get(name),
            started_at=_time(begin),
            ended_at=_time(min(end, begin + timedelta(days=1).total_seconds())),
            imported=True,
            source_import=file,
        )
        for name, spans in reading.people.items()
        for begin, end in spans
    )
    ActivitySpan.objects.bulk_create(rows, batch_size=BATCH)


def _known_users(names: Iterable[str]) -> dict[str, int]:
    """Return the people whom IUM knows by the account id that the file calls them."""
    wanted = set(names)
    known = User.objects.exclude(account_id=None).values_list("account_id", "pk").iterator(5000)
    return {account_id: pk for account_id, pk in known if account_id in wanted}


def _strangers(pool: LicencePool, names: list[str]) -> dict[str, int]:
    """Return rows for the others: only a keyed digest of the name is kept."""
    digests = {name: _digest(name) for name in names}
    ImportedPerson.objects.bulk_create(
        (ImportedPerson(pool=pool, digest=digest) for digest in digests.values()),
        batch_size=BATCH,
        ignore_conflicts=True,
    )
    keys = dict(ImportedPerson.objects.filter(pool=pool).values_list("digest", "pk"))
    return {name: keys[digest] for name, digest in digests.items()}


def _digest(name: str) -> str:
    return hmac.new(settings.SECRET_KEY.encode(), name.encode(), hashlib.sha256).hexdigest()


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, tz=UTC)
