"""What people take out: the history of a repository, charts."""
