"""A simulated GitHub in a process of its own."""
