"""The tests; a package, so that its helpers import under one name from anywhere in the repository."""
