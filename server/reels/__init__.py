"""Video messages: taken in, made ready once, seen by the booths beforehand, played into the floor.

The rules of a play-out are the domain's (`interpreting.playout`), its sound and picture the engine's (`media.reel`).
"""
