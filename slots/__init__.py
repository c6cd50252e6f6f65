"""The rules: pools, slots, queue, sweep, warning, reclaim, journal."""
