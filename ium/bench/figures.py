"""How a figure is printed."""

import json
import sys


def figure(name: str, value: float, unit: str) -> None:
    """Print one figure as one line of JSON."""
    sys.stdout.write(json.dumps({"name": name, "value": round(value, 4), "unit": unit}) + "\n")
    sys.stdout.flush()
