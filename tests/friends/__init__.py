"""The real packages of others, against the gateway and with the package itself, in an environment of their own."""
