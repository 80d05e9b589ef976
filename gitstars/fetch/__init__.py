"""GitHub: one call becomes one outcome; budgets, pacing and listings do no I/O."""
