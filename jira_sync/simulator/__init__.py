"""A simulated Jira Cloud: its REST v3 and Organizations APIs, its seats, its pages, its webhooks.

It is a process of its own that knows nothing of IUM, so that whatever IUM believes about Jira is checked
against Atlassian's published shapes and error codes instead of against IUM's own idea of them. Run it with
``python -m jira_sync.simulator --port 8090``.

Facts come from Atlassian's OpenAPI description of Jira REST v3 (2026-06-10) and from public reports on the
Organizations API; what nobody has published is marked "assumption" where it is decided.
"""
