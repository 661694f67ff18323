"""Looks at a file that was sent, or makes a reel of it, as a program of its own at the lowest importance:

    python -m server.reels.prepare survey FILE
    python -m server.reels.prepare make FILE TARGET TITLE

What it has to say it prints, a JSON object a line: {"percent"}, and at last {"seconds", "is_silent"} or {"failed"}. The
file is a stranger's and FFmpeg reads it here, in a process that may not take more than its share of memory.
"""

from __future__ import annotations

import errno
import json
import os
import resource
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import av

from media.errors import MediaError
from media.reel_making import make_reel
from media.reel_reading import survey

_NICENESS: Final = 19
_MOST_MEMORY: Final = 4 * 1024 * 1024 * 1024


def main(arguments: Sequence[str]) -> int:
    """Do one of the two. Returns the process's exit code, which is 0 also when nothing can be made of the file."""
    os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
    resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
    av.logging.set_level(None)
    what, file, *more = arguments
    try:
        _say(_survey(Path(file)) if what == "survey" else _make(Path(file), Path(more[0]), more[1]))
    except MediaError as error:
        _say({"failed": error.code})
    except OSError as error:
        # FFmpeg's own errors are these as well.
        _say({"failed": "disk_full" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "reel_broken"})
    return 0


def _survey(file: Path) -> dict[str, object]:
    return {"seconds": survey(file).seconds, "is_silent": False}


def _make(file: Path, target: Path, title: str) -> dict[str, object]:
    found = survey(file)
    fresh = target.with_name(f".{target.name}.fresh")
    try:
        is_heard = make_reel(file, found, title, fresh, lambda percent: _say({"percent": percent}))
        fresh.replace(target)
    finally:
        fresh.unlink(missing_ok=True)
    return {"seconds": found.seconds, "is_silent": not is_heard}


def _say(words: dict[str, object]) -> None:
    print(json.dumps(words), flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
