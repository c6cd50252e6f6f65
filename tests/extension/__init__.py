"""The browser extension, built and in real browsers, against the running IUM and the simulated Jira."""
