"""Reports for programs: read-only, bounded, without names."""
