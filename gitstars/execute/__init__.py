"""Workers that claim repositories, keep calls in flight and write down how each claim ended."""
