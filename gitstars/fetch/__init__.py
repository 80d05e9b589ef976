"""GitHub: one call becomes one outcome; budgets, pacing and listings are pure."""
