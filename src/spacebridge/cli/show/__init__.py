"""Events of a turn on their way to a person or a program."""
