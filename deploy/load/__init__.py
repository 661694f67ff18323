"""Load tools: lean listeners, Janus beside us, namespaces to run both in, and the bench that prints the figures.

They aim only at loopback and at namespaces of their own, are bounded in time and number, and stop by themselves.
"""
