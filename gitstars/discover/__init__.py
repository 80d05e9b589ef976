"""Accounts seen, and their repositories made into jobs."""
