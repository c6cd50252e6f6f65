"""Facts: who was active when, from which source, and whether IUM could have seen it."""
