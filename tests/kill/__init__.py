"""The running system, killed in every way, and still never too many."""
