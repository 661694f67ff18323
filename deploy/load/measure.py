"""What a process has used, read from /proc, and the arithmetic of the figures."""

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
PACKETS_PER_S: Final = 50
"""Opus packets of 20 ms that one listener gets in a second."""


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds (user and system, all threads) a process has used, and when that was read."""

    cpu_s: float
    at: float

    @classmethod
    def of(cls, pid: int) -> "Usage":
        """Read it now.

        Raises:
            OSError: there is no such process.
        """
        return cls(parse_cpu_s(Path(f"/proc/{pid}/stat").read_text()), time.monotonic())

    @classmethod
    def of_main_thread(cls, pid: int) -> "Usage":
        """Read that of the thread it began with alone, to the nanosecond.

        Raises:
            OSError: there is no such process, or a kernel that does not count so.
        """
        ran_ns = int(Path(f"/proc/{pid}/task/{pid}/schedstat").read_text().split()[0])
        return cls(ran_ns / 1e9, time.monotonic())

    @classmethod
    def of_family(cls, pid: int) -> "Usage":
        """That of a process with its children and theirs, of those that live.

        Raises:
            OSError: there is no such process.
        """
        return cls(sum(cls.of(one).cpu_s for one in family(pid)), time.monotonic())

    def share_since(self, before: "Usage") -> float:
        """Of one core, which part was used between `before` and now; 1.0 is a whole core."""
        return (self.cpu_s - before.cpu_s) / (self.at - before.at)


def parse_cpu_s(stat: str) -> float:
    """User and system seconds out of the text of /proc/PID/stat (proc(5), fields 14 and 15)."""
    # The second field is the command in brackets and may itself hold spaces and brackets.
    fields = stat.rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def parse_resident_kib(status: str) -> int:
    """VmRSS out of the text of /proc/PID/status.

    Raises:
        ValueError: the field is not there.
    """
    for line in status.splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1])
    raise ValueError("no VmRSS in status")


def family(pid: int) -> list[int]:
    """A process, its children and theirs.

    Raises:
        OSError: there is no such process.
    """
    # A thread's children are listed with the thread.
    children = [child for file in Path(f"/proc/{pid}/task").glob("*/children") for child in file.read_text().split()]
    return [pid, *(one for child in children for one in family(int(child)))]


def resident_kib(pid: int) -> int:
    """Resident memory of a process in KiB.

    Raises:
        OSError: there is no such process.
    """
    return parse_resident_kib(Path(f"/proc/{pid}/status").read_text())


def us_per_packet(before: Usage, after: Usage, idle_share: float, packets: int) -> float:
    """Microseconds of CPU a packet, over what the idle process would have used in the same time.

    Raises:
        ValueError: no packet came.
    """
    if packets <= 0:
        raise ValueError("no packets in the window")
    used = after.cpu_s - before.cpu_s - idle_share * (after.at - before.at)
    return used * 1e6 / packets


def listeners_per_core(us: float, packets_per_s: float = PACKETS_PER_S) -> float:
    """How many listeners of so many packets a second one core carries at `us` microseconds a packet."""
    return 1e6 / (packets_per_s * us)


def setup_ms(before: Usage, after: Usage, idle_share: float, packets: int, us: float, joined: int) -> float:
    """Milliseconds of CPU to set up a listener: what joining took, less idling and less the packets sent meanwhile.

    Raises:
        ValueError: nobody joined.
    """
    if joined <= 0:
        raise ValueError("nobody joined")
    used = after.cpu_s - before.cpu_s - idle_share * (after.at - before.at) - packets * us / 1e6
    return used * 1e3 / joined
