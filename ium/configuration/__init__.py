"""Every environment variable of IUM: declared, read and documented in one place. Standard library only."""
