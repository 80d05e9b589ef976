"""Workers that claim repositories, keep calls in flight and settle what came of them."""
