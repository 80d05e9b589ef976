"""Duties that keep the engine healthy, and readings of it."""
