"""The tools against the real server, a process of its own on loopback: all join and hear, nothing is lost or forged."""

from pathlib import Path

from deploy.load.processes import Children, pause
from deploy.load.targets import Place, Tolmach


def test_a_published_floor_reaches_every_lean_listener(tmp_path: Path) -> None:
    with Children(tmp_path) as children:
        tolmach = Tolmach(Place.loopback(), tmp_path, children)
        target = tolmach.start()
        tolmach.publish(seconds=60)
        joined = target.listeners.ask("join 3", 30)
        assert joined["failed"] == {}
        target.listeners.ask("mark", 10)
        pause(1.5, children)
        window = target.listeners.ask("mark", 10)
        tally = window["tally"]
        assert tally["connected"] == 3
        assert window["least"] > 0
        assert tally["sampled"] > 0
        broken = ("lost", "gaps", "reordered", "duplicates", "forged", "timestamps_wrong")
        assert {name: tally[name] for name in broken} == dict.fromkeys(broken, 0)
        target.listeners.stop()
        children.check()
