"""`spacebridge chat`: reading lines, the commands among them, and conversations in files."""
