"""Jira's signed webhooks as a source of activity (jira-api.md, section 6): writing in Jira is work in Jira."""
