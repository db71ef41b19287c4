"""Real servers, in environments of their own, and readers of them that share no code with the library."""
