"""The admin of usage. Every part has its pages with it."""

from ium.usage.privacy.pages import PersonalDataAdmin
from ium.usage.replay.pages import PriceTierAdmin, WhatIfAdmin

__all__ = ["PersonalDataAdmin", "PriceTierAdmin", "WhatIfAdmin"]
