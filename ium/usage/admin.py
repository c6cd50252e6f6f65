"""The admin of usage. Every part has its pages with it."""

from ium.usage.privacy.pages import PersonalDataAdmin

__all__ = ["PersonalDataAdmin"]
