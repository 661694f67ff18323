"""How deep the jitter buffer wants to be, by what happens to it."""

from media.depth import START_SAMPLES, STEP_SAMPLES, DepthTarget

FRAME = 960


def calm(target: DepthTarget, start: int, ticks: int) -> None:
    for tick in range(start, start + ticks):
        target.on_tick(tick)


def test_a_calm_line_needs_less_and_less_down_to_20_ms() -> None:
    target = DepthTarget()
    calm(target, 1, 501)
    assert target.samples == START_SAMPLES - STEP_SAMPLES
    calm(target, 502, 5000)
    assert target.samples == FRAME


def test_a_packet_that_was_waited_for_makes_it_deeper_by_a_step() -> None:
    target = DepthTarget()
    target.note_dry(1, FRAME)
    assert target.samples == START_SAMPLES + STEP_SAMPLES


def test_what_no_depth_could_have_waited_for_changes_nothing() -> None:
    target = DepthTarget()
    target.note_dry(1, 15 * FRAME)
    target.note_late(1, 10 * FRAME)
    target.note_late(2, 10 * FRAME)
    assert target.samples == START_SAMPLES


def test_one_late_packet_is_chance_and_two_are_the_line() -> None:
    target = DepthTarget()
    target.note_late(10, 4000)
    assert target.samples == START_SAMPLES
    target.note_late(400, 4400)
    assert target.samples == 4000
    target.note_late(1000, 5000)
    assert target.samples == 4000


def test_it_stays_deep_while_packets_come_only_just_in_time() -> None:
    target = DepthTarget()
    target.note_late(1, 4000)
    target.note_late(2, 4000)
    for tick in range(3, 3000):
        target.on_tick(tick)
        if tick % 100 == 0:
            target.note_out_of_order(tick, FRAME)
    assert target.samples == 4000
    for tick in range(3000, 6000):
        target.on_tick(tick)
        target.note_out_of_order(tick, 3 * FRAME)
    assert target.samples < 4000


def test_each_time_it_was_too_shallow_it_waits_longer() -> None:
    target = DepthTarget()
    for turn in range(5):
        target.note_dry(turn, FRAME)
    deep = target.samples
    calm(target, 5, 5000)
    assert target.samples == deep
    calm(target, 5005, 2000)
    assert target.samples == deep - STEP_SAMPLES
