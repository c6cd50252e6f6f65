"""Why a backup cannot be made or restored."""


class BackupError(Exception):
    """Nothing was changed; the message says what to do."""
