"""Past activity from a CSV file, so that a company can judge before it starts."""

from ium.usage.importing.reading import BadLine, Reading, read_csv
from ium.usage.importing.services import import_file, import_take_out

__all__ = ["BadLine", "Reading", "import_file", "import_take_out", "read_csv"]
