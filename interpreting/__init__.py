"""The domain of an interpreted conference, pure: rooms, booths, channels, who is on air, who hears what.

Nothing here does I/O, reads a clock or writes a log. A command goes to ``Room.apply`` and facts come back;
``Room.evolve`` makes the next room of them; ``plan`` says what every bus must carry.
"""
