"""IUM: shares a fixed number of Jira licences among many people."""
