"""The kinds of work on its way, one a file. All of them are states without I/O."""
