"""Signing in: people at their company's or Atlassian's provider, the browser extension at IUM."""
