"""JSON as RFC 8259 has it, and nothing that two readers could understand differently."""

import json
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer


class StrictJSONParser(BaseParser):
    """Takes UTF-8 only; refuses NaN, infinity, a name that comes twice, and too many brackets."""

    media_type = "application/json"
    renderer_class = JSONRenderer

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        """Return the value. Raises ParseError."""
        return strict_json(stream.read())


def strict_json(body: bytes) -> Any:
    """Return the value. Raises ParseError."""
    try:
        return _decoder.decode(body.decode("utf-8"))
    except RecursionError as error:
        raise ParseError(_("The values are nested too deeply.")) from error
    except ValueError as error:  # also UnicodeDecodeError and numbers of more than 4300 digits
        raise ParseError(_("This is no JSON in UTF-8.")) from error


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ParseError(_("A name comes twice."))
    return found


def _no_number(name: str) -> None:
    raise ParseError(_("%(name)s is no number in JSON.") % {"name": name})


_decoder = json.JSONDecoder(object_pairs_hook=_once, parse_constant=_no_number)
