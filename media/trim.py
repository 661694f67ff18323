"""What a technician mends on a source before any bus hears it: delay for lip sync, high-pass, gate, gain and mute.

Nothing of it clicks: gain and mute are ramps, the gate opens and closes by ramps, another delay is faded to, and the
high-pass fades in. A source without a trim costs nothing. 48 kHz mono float32, in frames of 20 ms.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from media.opus import FRAME_SAMPLES, SAMPLE_RATE_HZ, Pcm
from media.sound import Fader

MIN_GAIN_DB: Final = -60.0
MAX_GAIN_DB: Final = 20.0
MAX_DELAY_MS: Final = 500
HIGH_PASS_HZ: Final = 100.0
_GATE_OPENS: Final = 10 ** (-46 / 20)
_GATE_STAYS_OPEN: Final = 10 ** (-52 / 20)
_GATE_HOLD_TICKS: Final = 20
"""0.4 s: longer than a plosive's closure and the pause between two words."""
_GATE_SHUT: Final = 10 ** (-40 / 20)
_OPEN_RAMP_MS: Final = 5
_SHUT_RAMP_MS: Final = 150
_RAMP_MS: Final = 30
_FADE: Final = np.linspace(0, 1, FRAME_SAMPLES, dtype=np.float32)


@dataclass(frozen=True, slots=True)
class Trim:
    """What is done to a source: gain from −60 to +20 dB, 0 to 500 ms more delay, a high-pass at 100 Hz, a gate that
    shuts below −52 dBFS, silence.
    """

    gain_db: float = 0.0
    delay_ms: int = 0
    high_pass: bool = False
    gate: bool = False
    muted: bool = False

    def __post_init__(self) -> None:
        if not (MIN_GAIN_DB <= self.gain_db <= MAX_GAIN_DB and 0 <= self.delay_ms <= MAX_DELAY_MS):
            raise ValueError("a trim past its bounds")

    @property
    def gain(self) -> float:
        """Linear, 0 when muted."""
        return 0.0 if self.muted else 10 ** (self.gain_db / 20)


UNTRIMMED: Final = Trim()


class Trimmer:
    """One source's trim at work. Belongs to the mixer's thread."""

    def __init__(self, trim: Trim) -> None:
        self.trim = UNTRIMMED
        self._fader = Fader(1.0)
        self._delay = _Delay()
        self._high_pass = _HighPass()
        self._gate = _Gate()
        self.set(trim)

    @property
    def is_idle(self) -> bool:
        """Whether it changes nothing, now and later."""
        is_settled = self._fader.gain == self._fader.target == 1.0 and self._gate.is_settled
        return self.trim == UNTRIMMED and is_settled and self._delay.is_settled and not self._high_pass.mix

    def set(self, trim: Trim) -> None:
        """Go over to `trim` within 30 ms; the gate's closing takes longer."""
        self.trim = trim
        self._fader.go(trim.gain, _RAMP_MS)
        self._delay.samples = trim.delay_ms * SAMPLE_RATE_HZ // 1000
        self._gate.is_wanted = trim.gate

    def hear(self, frame: Pcm) -> Pcm:
        """20 ms as it is to be heard."""
        frame = self._delay.hear(frame)
        if self.trim.high_pass or self._high_pass.mix:
            frame = self._high_pass.hear(frame, is_wanted=self.trim.high_pass)
        frame = self._gate.hear(frame)
        out: Pcm = np.zeros(FRAME_SAMPLES, np.float32)
        self._fader.add(out, frame)
        return out


class _Delay:
    """The last half second; read further back when it is to be later."""

    def __init__(self) -> None:
        self.samples = 0
        self._now = 0
        self._held: Pcm = np.zeros(0, np.float32)

    @property
    def is_settled(self) -> bool:
        return self._now == self.samples == 0

    def hear(self, frame: Pcm) -> Pcm:
        if self.is_settled:
            self._held = self._held[:0]
            return frame
        longest = max(self._now, self.samples)
        if len(self._held) < longest:
            self._held = np.concatenate((np.zeros(longest - len(self._held), np.float32), self._held))
        line = np.concatenate((self._held, frame))
        self._held = line[len(line) - longest :]
        late = self._at(line, self.samples)
        if self._now != self.samples:
            before, self._now = self._at(line, self._now), self.samples
            late = before + (late - before) * _FADE
        return late

    @staticmethod
    def _at(line: Pcm, samples: int) -> Pcm:
        end = len(line) - samples
        return line[end - FRAME_SAMPLES : end]


class _Gate:
    """Shuts by 40 dB what stays below −52 dBFS for 0.4 s; opens from −46 dBFS at once."""

    def __init__(self) -> None:
        self.is_wanted = False
        self._fader = Fader(1.0)
        self._held = 0

    @property
    def is_settled(self) -> bool:
        return self._fader.gain == self._fader.target == 1.0

    def hear(self, frame: Pcm) -> Pcm:
        if not self.is_wanted and self.is_settled:
            return frame
        level = float(np.sqrt(np.dot(frame, frame) / FRAME_SAMPLES))
        is_open = self._fader.target == 1.0
        if level > (_GATE_STAYS_OPEN if is_open else _GATE_OPENS):
            self._held = _GATE_HOLD_TICKS
        else:
            self._held = max(0, self._held - 1)
        target = 1.0 if not self.is_wanted or self._held else _GATE_SHUT
        if target != self._fader.target:
            self._fader.go(target, _OPEN_RAMP_MS if target == 1.0 else _SHUT_RAMP_MS)
        out: Pcm = np.zeros(FRAME_SAMPLES, np.float32)
        self._fader.add(out, frame)
        return out


class _HighPass:
    """A fourth-order Butterworth high-pass at 100 Hz: −0.3 dB at 150 Hz, −8 dB at 80 Hz, −24 dB at 50 Hz.

    As a state space over a whole frame: what a frame makes of a state, and of its samples, are two matrices each, so
    that no sample waits for the one before it in Python.
    """

    def __init__(self) -> None:
        self.mix = 0.0
        """How much of it is heard, from 0 to 1."""
        self._state = np.zeros(4)

    def hear(self, frame: Pcm, *, is_wanted: bool) -> Pcm:
        if not self.mix:
            self._state = np.zeros(4)
        filtered = self._filter(frame)
        before, self.mix = self.mix, float(is_wanted)
        if before == self.mix:
            return filtered
        share = _FADE if is_wanted else 1 - _FADE
        mixed: Pcm = frame + (filtered - frame) * share
        return mixed

    def _filter(self, frame: Pcm) -> Pcm:
        blocks = frame.reshape(_BLOCKS, _BLOCK).astype(np.float64)
        # The state before each block, all at once: what the frame began with, and what each earlier block left.
        left = blocks @ _INTO_STATE.T
        states = (_STATES_OF_STATE @ self._state + _STATES_OF_BLOCKS @ left.reshape(-1)).reshape(_BLOCKS + 1, 4)
        self._state = states[-1]
        made: Pcm = (blocks @ _IMPULSE.T + states[:-1] @ _OUT_OF_STATE.T).reshape(-1).astype(np.float32)
        return made


_BLOCK: Final = 60
_BLOCKS: Final = FRAME_SAMPLES // _BLOCK
Matrix = npt.NDArray[np.float64]


def _sections() -> list[tuple[Matrix, Matrix, Matrix, float]]:
    """State spaces (A, b, c, d) of the two biquads (RBJ's cookbook, Butterworth's two Qs)."""
    found = []
    omega = 2 * np.pi * HIGH_PASS_HZ / SAMPLE_RATE_HZ
    for quality in (0.54119610, 1.30656296):
        alpha, cos = np.sin(omega) / (2 * quality), np.cos(omega)
        b = np.array([(1 + cos) / 2, -(1 + cos), (1 + cos) / 2]) / (1 + alpha)
        a = np.array([1.0, -2 * cos / (1 + alpha), (1 - alpha) / (1 + alpha)])
        step = np.array([[-a[1], 1.0], [-a[2], 0.0]])
        found.append((step, np.array([b[1] - a[1] * b[0], b[2] - a[2] * b[0]]), np.array([1.0, 0.0]), float(b[0])))
    return found


def _cascade() -> tuple[Matrix, Matrix, Matrix, float]:
    (a1, b1, c1, d1), (a2, b2, c2, d2) = _sections()
    step = np.block([[a1, np.zeros((2, 2))], [np.outer(b2, c1), a2]])
    return step, np.concatenate((b1, b2 * d1)), np.concatenate((d2 * c1, c2)), d1 * d2


def _block_matrices() -> tuple[Matrix, Matrix, Matrix, Matrix, Matrix]:
    step, into, out, direct = _cascade()
    powers = [np.linalg.matrix_power(step, n) for n in range(_BLOCK + 1)]
    impulse = np.zeros((_BLOCK, _BLOCK))
    for row in range(_BLOCK):
        impulse[row, row] = direct
        for column in range(row):
            impulse[row, column] = out @ powers[row - column - 1] @ into
    out_of_state = np.array([out @ powers[row] for row in range(_BLOCK)])
    into_state = np.array([powers[_BLOCK - 1 - column] @ into for column in range(_BLOCK)]).T
    whole = powers[_BLOCK]
    of_state = np.concatenate([np.linalg.matrix_power(whole, block) for block in range(_BLOCKS + 1)])
    of_blocks = np.zeros((4 * (_BLOCKS + 1), 4 * _BLOCKS))
    for after in range(1, _BLOCKS + 1):
        for block in range(after):
            power = np.linalg.matrix_power(whole, after - 1 - block)
            of_blocks[4 * after : 4 * after + 4, 4 * block : 4 * block + 4] = power
    return impulse, out_of_state, into_state, of_state, of_blocks


_IMPULSE, _OUT_OF_STATE, _INTO_STATE, _STATES_OF_STATE, _STATES_OF_BLOCKS = _block_matrices()
