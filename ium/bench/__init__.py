"""`./ium.sh bench`: what IUM does all day, beside its physical limits, in one run on one machine.

Prints one JSON object per line: {"name", "value", "unit"}. Compare ratios, not seconds: machines differ.
"""
