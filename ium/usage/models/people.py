"""When people were active, measured or imported. Kept for a short time only."""

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from activity.models import Source
from ium.directory.models import User
from slots.models import LicencePool


class Import(models.Model):
    """A file of past activity that was read. Taking it out removes what came from it."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="imports")
    name = models.CharField(_("file"), max_length=255)
    # Of the content and how it was read: the same file is taken in once.
    digest = models.CharField(max_length=64, editable=False)
    time_zone = models.CharField(_("time zone"), max_length=64)
    created_at = models.DateTimeField(_("imported"))
    created_by = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("by"),
        help_text=_("Empty: on the command line."),
    )
    lines = models.PositiveIntegerField(_("lines read"))
    people = models.PositiveIntegerField(_("people"))
    spans = models.PositiveIntegerField(_("spans of activity"))
    begins_at = models.DateTimeField(_("from"))
    ends_at = models.DateTimeField(_("to"))
    taken_out_at = models.DateTimeField(_("taken out"), null=True, blank=True)

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "digest"],
                condition=Q(taken_out_at=None),
                name="file_imported_once",
            )
        ]

    def __str__(self) -> str:
        return self.name


class ImportedPerson(models.Model):
    """Somebody in an imported file whom IUM does not know: only a keyed digest of what the file called them."""

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("imported person")
        verbose_name_plural = _("imported people")
        constraints = [
            models.UniqueConstraint(fields=["pool", "digest"], name="one_imported_person")
        ]

    def __str__(self) -> str:
        return self.digest[:8]


class ActivitySpan(models.Model):
    """Somebody's activity with pauses of at most two minutes, as IUM learned of it.

    A span is at most a day long, longer activity is several: so those that reach into a time are found by their
    begin. `imported` ones come from a file; their people may be unknown to IUM.
    """

    pool = models.ForeignKey(LicencePool, on_delete=models.CASCADE, related_name="activity_spans")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    imported_person = models.ForeignKey(
        ImportedPerson, on_delete=models.CASCADE, null=True, related_name="spans"
    )
    started_at = models.DateTimeField(_("begin"))
    ended_at = models.DateTimeField(_("end"))
    source = models.CharField(_("source"), max_length=16, choices=Source, blank=True, default="")
    # The person's last one: later activity makes it longer or begins the next.
    open = models.BooleanField(default=False, db_default=False, editable=False)
    imported = models.BooleanField(_("imported"), default=False, db_default=False)
    source_import = models.ForeignKey(
        Import, on_delete=models.CASCADE, null=True, related_name="activity_spans"
    )

    class Meta:
        verbose_name = _("span of activity")
        verbose_name_plural = _("spans of activity")
        constraints = [
            models.CheckConstraint(
                condition=Q(started_at__lte=F("ended_at")), name="span_ends_after_its_begin"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | Q(imported_person__isnull=False),
                name="span_is_of_somebody",
            ),
            models.CheckConstraint(
                condition=Q(imported=True, source_import__isnull=False)
                | Q(imported=False, user__isnull=False),
                name="imported_span_has_import",
            ),
            models.UniqueConstraint(
                fields=["pool", "user", "started_at"],
                condition=Q(imported=False),
                name="one_span_per_begin",
            ),
            models.UniqueConstraint(
                fields=["pool", "user"], condition=Q(open=True), name="one_open_span"
            ),
        ]
        # `ended_at` changes every minute and is in no index: that keeps the update cheap.
        indexes = [models.Index(fields=["pool", "started_at"], name="span_by_begin")]

    def __str__(self) -> str:
        return f"{self.user or self.imported_person}, {self.started_at:%Y-%m-%d %H:%M}"
