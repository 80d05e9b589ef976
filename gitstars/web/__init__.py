"""Health, admin and metrics over HTTP, and the dashboard."""
