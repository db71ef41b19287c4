"""What the shell knows of terminals."""
