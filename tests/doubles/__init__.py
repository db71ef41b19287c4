"""Scripted stand-ins for the network: servers that misbehave on demand, proxies that keep count."""
