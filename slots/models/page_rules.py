"""Which of Jira's pages need a slot, as the administrator has it: one row, empty fields mean the built-in rules."""

import re
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from simple_history.models import HistoricalRecords

from ium.directory.extension import VERSION
from ium.lib.patterns import MOST_LINES, lines_of, validate_patterns

_TYPE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def validate_project_types(text: str) -> None:
    """Raise ValidationError unless every line could be one of Jira's project types."""
    if wrong := [line for line in lines_of(text) if not _TYPE.fullmatch(line)]:
        message = _("“%(text)s” is no project type; Jira writes them like service_desk.")
        raise ValidationError(message % {"text": wrong[0][:60]})
    _few(text)


def validate_addresses(text: str) -> None:
    """Raise ValidationError unless every line is the beginning of an https address with a path."""
    for line in lines_of(text):
        try:
            parts = urlsplit(line)
        except ValueError:
            parts = urlsplit("")
        hidden = any(char <= " " or char in '\\@?#"<>' for char in line)
        if hidden or parts.scheme != "https" or not parts.hostname or len(parts.path) < 2:
            message = _("“%(text)s” is no address like https://id.atlassian.com/join/user-access")
            raise ValidationError(message % {"text": line[:60]})
    _few(text)


def validate_version(text: str) -> None:
    """Raise ValidationError unless browsers would take this as the version of an extension."""
    if not VERSION.fullmatch(text):
        raise ValidationError(_("Write a version like 1.4.0"))


def _few(text: str) -> None:
    if len(lines_of(text)) > MOST_LINES:
        raise ValidationError(_("At most %(number)s lines.") % {"number": MOST_LINES})


class PageRules(models.Model):
    """What the browser extension is told about pages; it asks every few minutes."""

    free_paths = models.TextField(
        gettext_lazy("pages that need no slot"), blank=True, validators=[validate_patterns]
    )
    free_project_types = models.TextField(
        gettext_lazy("project types that need no slot"),
        blank=True,
        validators=[validate_project_types],
    )
    access_request_urls = models.TextField(
        gettext_lazy("Atlassian's pages for asking for access"),
        blank=True,
        validators=[validate_addresses],
    )
    minimum_extension_version = models.CharField(
        gettext_lazy("oldest extension that is good enough"),
        max_length=24,
        blank=True,
        validators=[validate_version],
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = gettext_lazy("page rules")
        verbose_name_plural = gettext_lazy("page rules")
        constraints = [models.CheckConstraint(condition=Q(pk=1), name="one_row_of_page_rules")]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)
