"""When the desk is alarmed.

[alarms]
silence_dbfs = -60       # below this nothing is heard
silence_s = 6            # the floor, or a channel with somebody on air, silent for so long
loudness_lu = 3          # a channel's speech louder or softer than the floor's by more than this
loss_percent = 2         # packets lost over five seconds
frozen_s = 30            # a picture that does not move for so long; 0 is never: slides do not move either
black_s = 5              # a black picture; 0 is never
drift_ppm = 200          # a sender's clock against ours
late_ticks = 10          # of the mixer's 500 in ten seconds
disk_gib = 2             # so little is left on the disk
certificate_days = 14    # before it ends
certificate = ""         # its file (PEM); "" asks the server at public_url, where that is https
"""

from __future__ import annotations

from dataclasses import dataclass

from server.config_table import Table


@dataclass(frozen=True, slots=True)
class AlarmsConfig:
    """Thresholds; what they mean stands above."""

    silence_dbfs: int = -60
    silence_s: int = 6
    loudness_lu: int = 3
    loss_percent: int = 2
    frozen_s: int = 30
    black_s: int = 5
    drift_ppm: int = 200
    late_ticks: int = 10
    disk_gib: int = 2
    certificate_days: int = 14
    certificate: str = ""


def parse_alarms(table: Table) -> AlarmsConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own, usual = table.table("alarms"), AlarmsConfig()
    config = AlarmsConfig(
        silence_dbfs=own.whole("silence_dbfs", usual.silence_dbfs, -110, -20),
        silence_s=own.whole("silence_s", usual.silence_s, 2, 9),
        loudness_lu=own.whole("loudness_lu", usual.loudness_lu, 1, 30),
        loss_percent=own.whole("loss_percent", usual.loss_percent, 1, 100),
        frozen_s=own.whole("frozen_s", usual.frozen_s, 0, 3600),
        black_s=own.whole("black_s", usual.black_s, 0, 3600),
        drift_ppm=own.whole("drift_ppm", usual.drift_ppm, 20, 10_000),
        late_ticks=own.whole("late_ticks", usual.late_ticks, 1, 500),
        disk_gib=own.whole("disk_gib", usual.disk_gib, 0, 10_000),
        certificate_days=own.whole("certificate_days", usual.certificate_days, 0, 365),
        certificate=own.text("certificate", usual.certificate),
    )
    own.close()
    return config
