"""Jobs in lanes, lanes on workers."""
