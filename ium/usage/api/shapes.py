"""What reports take and give."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

LONGEST = {"interval": timedelta(days=31), "hour": timedelta(days=366), "day": timedelta(days=3660)}
PAGE, LARGEST_PAGE = 500, 5000


class RangeSerializer(serializers.Serializer[Any]):
    """Of which pool, from when to when, and which page."""

    pool = serializers.SlugField(help_text="Short name of the pool.")
    since = serializers.DateTimeField(help_text="From this moment on.")
    until = serializers.DateTimeField(help_text="Before this moment.")
    page = serializers.IntegerField(default=1, min_value=1, max_value=100_000)
    page_size = serializers.IntegerField(default=PAGE, min_value=1, max_value=LARGEST_PAGE)

    def longest(self, attrs: dict[str, Any]) -> timedelta:
        """Return the longest range that may be asked for at once."""
        return LONGEST["hour"]

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse ranges that end before they begin, and those that are too long."""
        if attrs["until"] <= attrs["since"]:
            raise serializers.ValidationError({"until": ["It must be later than `since`."]})
        longest = self.longest(attrs)
        if attrs["until"] - attrs["since"] > longest:
            text = f"Ask for at most {longest.days} days at once."
            raise serializers.ValidationError({"until": [text]})
        return attrs


class UseRangeSerializer(RangeSerializer):
    """The same, with the length of a row."""

    step = serializers.ChoiceField(
        choices=["interval", "hour", "day"], default="hour", help_text="interval: five minutes."
    )

    def longest(self, attrs: dict[str, Any]) -> timedelta:
        """Rows of five minutes for a month, hours for a year, days for ten."""
        return LONGEST[attrs["step"]]


class UseRowSerializer(serializers.Serializer[Any]):
    """How many slots were used in a time; nothing is made up for what IUM did not see."""

    at = serializers.DateTimeField()
    limit = serializers.IntegerField(help_text="Slots to give out (the most in the time).")
    max_occupied = serializers.IntegerField(help_text="The true maximum at one moment.")
    mean_occupied = serializers.FloatField(
        allow_null=True, help_text="Of the time that IUM observed; null when that is none."
    )
    max_waiting = serializers.IntegerField()
    full_seconds = serializers.FloatField()
    seen_seconds = serializers.FloatField(help_text="How much of the time IUM could observe.")


class WaitRowSerializer(serializers.Serializer[Any]):
    """A wait that is over."""

    person = serializers.CharField(help_text="A pseudonym, the same in all reports.")
    began_at = serializers.DateTimeField()
    ended_at = serializers.DateTimeField()
    seconds = serializers.FloatField()
    outcome = serializers.CharField(help_text="served, left, removed, gone or refused.")


class SessionRowSerializer(serializers.Serializer[Any]):
    """A stay that is over."""

    person = serializers.CharField(help_text="A pseudonym, the same in all reports.")
    granted_at = serializers.DateTimeField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField()
    waited_seconds = serializers.FloatField()
    reason = serializers.CharField(help_text="Why it ended, for machines.")


class CoverageRowSerializer(serializers.Serializer[Any]):
    """How many people were active on a day, by source and version of the extension."""

    day = serializers.DateField()
    source = serializers.CharField()  # type: ignore[assignment]  # also the name of an attribute of fields
    version = serializers.CharField(allow_blank=True)
    people = serializers.IntegerField()


def page_of(row: type[serializers.Serializer[Any]], name: str) -> type[serializers.Serializer[Any]]:
    """Return the shape of a page of such rows."""
    fields = {
        "rows": row(many=True),
        "next_page": serializers.IntegerField(allow_null=True, help_text="null: this is the last."),
        "__doc__": "A page of a report.",
    }
    return type(name, (serializers.Serializer,), fields)


UsePage = page_of(UseRowSerializer, "UsePage")
WaitPage = page_of(WaitRowSerializer, "WaitPage")
SessionPage = page_of(SessionRowSerializer, "SessionPage")
CoveragePage = page_of(CoverageRowSerializer, "CoveragePage")
