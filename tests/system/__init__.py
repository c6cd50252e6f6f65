"""The running system: real processes, real broker, simulated Jira over HTTP. Nothing is imported from the product."""
