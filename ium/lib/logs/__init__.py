"""Log lines: one form for all processes, with the request and the task they belong to, and nobody's personal data."""
