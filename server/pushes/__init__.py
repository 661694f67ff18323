"""Pushing a channel with the picture to somebody else's platform: where to, by what, and how it stands."""
