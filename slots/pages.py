"""Which of Jira's pages need no licence of its own pool.

Forms of addresses as seen in public material (docs/architecture.md lists them); the server hands them to the
extension, so that a change of Atlassian's addresses needs no new release.
"""

FREE_PATHS = [
    r"^/jira/servicedesk(/|$)",
    r"^/servicedesk(/|$)",
    r"^/helpcenter(/|$)",
    r"^/jira/polaris(/|$)",
    r"^/jira/discovery(/|$)",
    r"^/jira/assets(/|$)",
    r"^/wiki(/|$)",
    r"^/admin(/|$)",
]
FREE_PROJECT_TYPES = ["service_desk", "product_discovery"]
