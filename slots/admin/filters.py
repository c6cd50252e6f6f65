"""Filters that unfold does not have, or has with a fault."""

from datetime import time
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.timezone import is_naive, make_aware
from unfold.contrib.filters.admin import RangeDateTimeFilter
from unfold.utils import parse_datetime_str

BOUNDS = (("from", "gte", time.min), ("to", "lte", time.max.replace(microsecond=0)))


class PeriodFilter(RangeDateTimeFilter):
    """Rows from one moment to another, on the clock of this installation. A day alone means all of it.

    unfold compares with times that have no zone.
    """

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the rows within the period; what cannot be read as a time is no bound."""
        for side, lookup, default in BOUNDS:
            day = self.used_parameters.get(f"{self.parameter_name}_{side}_0")
            clock = self.used_parameters.get(f"{self.parameter_name}_{side}_1") or str(default)
            moment = parse_datetime_str(f"{day} {clock}") if day else None
            if moment is not None:
                aware = make_aware(moment) if is_naive(moment) else moment
                queryset = queryset.filter(**{f"{self.parameter_name}__{lookup}": aware})
        return queryset
