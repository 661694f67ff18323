"""Readings of /proc, the arithmetic of the figures, the bench's options."""

import os
import subprocess
import sys

import pytest

from deploy.load import measure
from deploy.load.bench import CURVE, PARTS, parse_options
from deploy.load.listening import Figures, Plan
from deploy.load.measure import Usage


def test_cpu_seconds_are_read_past_a_strange_command_name() -> None:
    ticks = os.sysconf("SC_CLK_TCK")
    stat = f"12 (a (b) c d) S 1 12 12 0 -1 4194560 100 0 0 0 {3 * ticks} {2 * ticks} 0 0 20 0 1 0 1 1 1"
    assert measure.parse_cpu_s(stat) == 5.0


def test_our_own_process_can_be_read() -> None:
    before = Usage.of(os.getpid())
    assert before.cpu_s > 0
    assert measure.resident_kib(os.getpid()) > 1000


def test_a_family_is_a_process_and_its_children() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        assert {os.getpid(), child.pid} <= set(measure.family(os.getpid()))
        assert Usage.of_family(os.getpid()).cpu_s >= Usage.of(os.getpid()).cpu_s
        assert child.stdin is not None
        child.stdin.close()


def test_resident_memory_is_read_or_refused() -> None:
    assert measure.parse_resident_kib("Name:\tx\nVmRSS:\t  2048 kB\n") == 2048
    with pytest.raises(ValueError, match="VmRSS"):
        measure.parse_resident_kib("Name:\tx\n")


def test_a_packets_cost_is_over_the_idle_servers() -> None:
    # 10 s at 30 % of a core, of which 5 % were used before anybody came: 2.5 s for 500,000 packets.
    before, after = Usage(1.0, 0.0), Usage(4.0, 10.0)
    assert measure.us_per_packet(before, after, 0.05, 500_000) == pytest.approx(5.0)
    assert measure.listeners_per_core(5.0) == pytest.approx(4000)
    with pytest.raises(ValueError, match="no packets"):
        measure.us_per_packet(before, after, 0.0, 0)


def test_setting_up_is_less_idling_and_less_the_packets_sent_meanwhile() -> None:
    before, after = Usage(0.0, 0.0), Usage(3.0, 2.0)
    assert measure.setup_ms(before, after, 0.1, 100_000, 5.0, 1000) == pytest.approx(2.3)
    with pytest.raises(ValueError, match="nobody joined"):
        measure.setup_ms(before, after, 0.1, 0, 5.0, 0)


def test_a_share_is_of_one_core() -> None:
    assert Usage(3.0, 12.0).share_since(Usage(1.0, 10.0)) == 1.0


def test_the_default_run_is_bounded_below_four_minutes() -> None:
    plan, parts, limit = parse_options([])
    assert plan == Plan((1000,), 1000, 20.0, 30.0)
    assert parts == frozenset(PARTS)
    assert limit <= 240


def test_a_curve_has_its_steps_in_rising_order_and_names_them() -> None:
    plan, parts, limit = parse_options(["--curve", "--listeners", "500", "--skip", "janus", "--skip", "click"])
    assert plan.steps == tuple(sorted({*CURVE, 500}))
    assert [plan.suffix(step) for step in plan.steps] == ["_at_100", "_at_300", "", "_at_1000", "_at_3000"]
    assert parts == {"wire", "idle", "server"}
    assert limit > 240


@pytest.mark.parametrize(
    "wrong", [["--listeners", "0"], ["--listeners", "100000"], ["--seconds", "0"], ["--skip", "x"]]
)
def test_unbounded_or_senseless_options_are_refused(wrong: list[str]) -> None:
    with pytest.raises(SystemExit):
        parse_options(wrong)


def test_figures_are_printed_a_line_each(capsys: pytest.CaptureFixture[str]) -> None:
    figures = Figures()
    figures.add("lost", 0)
    figures.add("us_per_packet", 5.0)
    assert capsys.readouterr().out == "lost: 0\nus_per_packet: 5.00\n"
