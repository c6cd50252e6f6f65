"""The API for extension and queue page."""
