"""Log lines: their form, what they belong to, and what they must not hold."""
