"""Where people install the browser extension: what it is, how to get it, and whether it is there already."""
