"""Tables of usage: what was recorded, for how long it is kept, and what was imported."""

from ium.usage.models.counts import CALL_BUCKETS, CallTime, Refusal, SourceUse
from ium.usage.models.intervals import (
    INTERVAL,
    Gap,
    GapReason,
    Histogram,
    IntervalUse,
    LengthKind,
    PeriodKind,
    PeriodUse,
)
from ium.usage.models.people import ActivitySpan, Import, ImportedPerson
from ium.usage.models.personal import PersonalData
from ium.usage.models.retention import Retention
from ium.usage.models.totals import Total, TotalCursor
from ium.usage.models.what_if import PriceTier, WhatIf, WhatIfState

__all__ = [
    "CALL_BUCKETS",
    "INTERVAL",
    "ActivitySpan",
    "CallTime",
    "Gap",
    "GapReason",
    "Histogram",
    "Import",
    "ImportedPerson",
    "IntervalUse",
    "LengthKind",
    "PeriodKind",
    "PeriodUse",
    "PersonalData",
    "PriceTier",
    "Refusal",
    "Retention",
    "SourceUse",
    "Total",
    "TotalCursor",
    "WhatIf",
    "WhatIfState",
]
