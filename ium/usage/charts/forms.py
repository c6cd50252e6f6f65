"""What a page of charts is asked for: pool, period, second period. Every mistake is said beside its field."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from ium.usage.charts.periods import DAYS, MOST_DAYS, Period, Span, period_of, zone
from slots.models import LicencePool

EARLIEST = date(2000, 1, 1)
# A year before, on the same weekday: people work by weeks.
YEAR_OF_WEEKS = 364


class Compare(models.TextChoices):
    """Which second period."""

    NONE = "", gettext_lazy("nothing")
    BEFORE = "before", gettext_lazy("the time before")
    YEAR = "year", gettext_lazy("a year before")
    FREE = "free", gettext_lazy("a time that begins on")


@dataclass(frozen=True)
class Wanted:
    """What is to be shown."""

    pools: tuple[LicencePool, ...]
    pool: LicencePool | None
    period: Period
    second: Period | None


def _day(label: Any) -> forms.DateField:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, widget=widget, input_formats=["%Y-%m-%d"])


class ChartForm(forms.Form):
    """The form above the charts. `at`: now; `pools`: all there are."""

    pool = forms.ChoiceField(label=gettext_lazy("Pool"), required=False)
    period = forms.ChoiceField(label=gettext_lazy("Period"), choices=Span, required=False)
    since = _day(gettext_lazy("From"))
    until = _day(gettext_lazy("To"))
    compare = forms.ChoiceField(label=gettext_lazy("Compare with"), choices=Compare, required=False)
    compare_since = _day(gettext_lazy("Begins on"))

    def __init__(self, data: Any, *, pools: list[LicencePool], at: datetime) -> None:
        """Offer the pools; what is not given is the last week of all of them."""
        super().__init__(data)
        self.pools = pools
        self.today = at.astimezone(zone()).date()
        every = [("", _("All pools"))] if len(pools) != 1 else []
        choices = [*every, *((pool.key, str(pool)) for pool in pools)]
        self.fields["pool"].choices = choices  # type: ignore[attr-defined] # a ChoiceField

    def clean(self) -> dict[str, Any]:
        """Work out the days."""
        found = {**(super().clean() or {})}
        if not self.errors:
            self._days(found)
        return found

    def _days(self, found: dict[str, Any]) -> None:
        span = Span(found.get("period") or Span.WEEK)
        last = min(found.get("until") or self.today, self.today)
        first = found.get("since")
        if span is Span.FREE:
            if first is None:
                self.add_error("since", _("Enter the first day."))
                return
        else:
            first = max(last, EARLIEST) - timedelta(days=DAYS[span] - 1)
        found["first"], found["last"] = first, last
        self._check(first, last)
        if found.get("compare") == Compare.FREE:
            self._check_second(found.get("compare_since"))

    def _check(self, first: date, last: date) -> None:
        if last < EARLIEST:
            self.add_error("until", _("Enter a day after the year 2000."))
        elif first > last:
            self.add_error("since", _("The first day is after the last, or in the future."))
        elif first < EARLIEST:
            self.add_error(
                "since" if self.cleaned_data.get("since") else "until",
                _("Enter a day after the year 2000."),
            )
        elif (last - first).days + 1 > MOST_DAYS:
            text = _("At most %(number)s days are shown at once.")
            self.add_error("since", text % {"number": MOST_DAYS})

    def _check_second(self, first: date | None) -> None:
        if first is None:
            self.add_error("compare_since", _("Enter the day on which the second period begins."))
        elif first < EARLIEST:
            self.add_error("compare_since", _("Enter a day after the year 2000."))
        elif first > self.today:
            self.add_error("compare_since", _("Enter a day that is not in the future."))

    def wanted(self) -> Wanted:
        """Return what to show. Only of a valid form. One query."""
        found = self.cleaned_data
        period = period_of(found["first"], found["last"], today=self.today)
        return self._wanted(found.get("pool", ""), period, self._second(found, period))

    def last_week(self) -> Wanted:
        """Return what is shown while the form has mistakes."""
        first = self.today - timedelta(days=6)
        return self._wanted("", period_of(first, self.today, today=self.today), None)

    def _wanted(self, key: str, period: Period, second: Period | None) -> Wanted:
        chosen = next((pool for pool in self.pools if pool.key == key), None)
        if chosen is None and len(self.pools) == 1:
            chosen = self.pools[0]
        pools = (chosen,) if chosen else tuple(self.pools)
        return Wanted(pools, chosen, period, second)

    def _second(self, found: dict[str, Any], period: Period) -> Period | None:
        compare = Compare(found.get("compare") or "")
        if compare is Compare.BEFORE:
            return period.moved(-period.days)
        if compare is Compare.YEAR:
            return period.moved(-YEAR_OF_WEEKS)
        if compare is Compare.FREE:
            return period.moved((found["compare_since"] - period.first).days)
        return None
