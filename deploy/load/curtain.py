"""What measurements in browsers share: an end after a while in any case, and mostly a server of their own."""

import signal
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Never

from playwright.sync_api import Error as BrowserError

from deploy.load.browsers import CHROMIUM
from deploy.load.listening import Figures
from deploy.load.processes import BenchError, Children
from deploy.load.targets import Place, Tolmach


def measure_in_time(program: str, limit_s: int, measure: Callable[[Path, Figures], None]) -> int:
    """Run `measure` with a folder for files; 1 when it failed or took too long, or there is no browser."""
    if not Path(CHROMIUM).exists():
        print(f"{program}: there is no {CHROMIUM}: apt install chromium", file=sys.stderr)
        return 1
    signal.signal(signal.SIGTERM, _give_up)
    signal.signal(signal.SIGALRM, _give_up)
    signal.alarm(limit_s)
    try:
        with tempfile.TemporaryDirectory(prefix="tolmach-load-") as name:
            measure(Path(name), Figures())
    except (BenchError, BrowserError, TimeoutError, ValueError) as error:
        print(f"{program}: {error}", file=sys.stderr)
        return 1
    finally:
        signal.alarm(0)
    return 0


def measure_in_browsers(program: str, limit_s: int, measure: Callable[[Tolmach, Path, Figures], None]) -> int:
    """The same against a new server on loopback."""

    def with_server(folder: Path, figures: Figures) -> None:
        with Children(folder) as children:
            tolmach = Tolmach(Place.loopback(), folder, children)
            tolmach.start()
            measure(tolmach, folder, figures)

    return measure_in_time(program, limit_s, with_server)


def _give_up(number: int, _: FrameType | None) -> Never:
    # Once more in three seconds: raised inside the browser driver's dispatcher, it may be caught there.
    signal.alarm(3)
    raise BenchError("it took too long" if number == signal.SIGALRM else "it was asked to stop")
