"""What stands between a client and a model: the servers behind it, and others like it."""
