"""Usage: what was recorded, charts, what-if, money, reports. Reads the apps below and writes only its own rows."""
