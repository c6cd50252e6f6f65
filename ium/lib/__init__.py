"""Tools without tables: the clock, the encrypted field, errors."""
