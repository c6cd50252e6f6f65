"""The mirror of Jira's people and groups, and the people who may sign in to IUM."""
