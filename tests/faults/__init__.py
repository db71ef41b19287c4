"""What goes wrong on the way: each fault gives its own error, in time, and leaves nothing behind."""
