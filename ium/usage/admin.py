"""The admin of usage. Every part has its pages with it."""

from ium.usage.importing.pages import ImportAdmin
from ium.usage.privacy.pages import PersonalDataAdmin
from ium.usage.recording.pages import RetentionAdmin
from ium.usage.replay.pages import PriceTierAdmin, WhatIfAdmin

__all__ = ["ImportAdmin", "PersonalDataAdmin", "PriceTierAdmin", "RetentionAdmin", "WhatIfAdmin"]
