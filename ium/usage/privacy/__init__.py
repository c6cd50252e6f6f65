"""Who is meant in reports, and who may know: pseudonyms, one person's data, forgetting a person."""

from ium.lib.pseudonyms import pseudonym

__all__ = ["pseudonym"]
