"""When the desk is alarmed.

[alarms]
lost_ms = 1200           # no packet of a sender for so long; its picture has stopped 200 ms later
silence_dbfs = -60       # below this nothing is heard
silence_s = 6            # the floor, or a channel with somebody on air, silent for so long
loudness_lu = 3          # a channel's speech louder or softer than the floor's by more than this
clipping_per_mille = 1   # of the samples of speech at full scale
narrow_hz = 7000         # speech that ends below; telephones end at 3400, Bluetooth headsets at 7000 at best
hum_dbfs = -62           # 50 or 60 Hz and what is above them, louder than this; below −66 none is found
loss_percent = 2         # packets lost over five seconds
frozen_s = 30            # a picture that does not move for so long; 0 is never: slides do not move either
black_s = 5              # a black picture; 0 is never
drift_ppm = 200          # a sender's clock against ours
late_ticks = 10          # of the mixer's 500 in ten seconds
web_late = 3             # times that the web side was late by 0.2 s, in ten seconds
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

    lost_ms: int = 1200
    silence_dbfs: int = -60
    silence_s: int = 6
    loudness_lu: int = 3
    clipping_per_mille: int = 1
    narrow_hz: int = 7000
    hum_dbfs: int = -62
    loss_percent: int = 2
    frozen_s: int = 30
    black_s: int = 5
    drift_ppm: int = 200
    late_ticks: int = 10
    web_late: int = 3
    disk_gib: int = 2
    certificate_days: int = 14
    certificate: str = ""


def parse_alarms(table: Table) -> AlarmsConfig:
    """Read the settings from the top of the file. Raises ConfigError."""
    own, usual = table.table("alarms"), AlarmsConfig()
    config = AlarmsConfig(
        lost_ms=own.whole("lost_ms", usual.lost_ms, 500, 10_000),
        silence_dbfs=own.whole("silence_dbfs", usual.silence_dbfs, -110, -20),
        silence_s=own.whole("silence_s", usual.silence_s, 2, 9),
        loudness_lu=own.whole("loudness_lu", usual.loudness_lu, 1, 30),
        clipping_per_mille=own.whole("clipping_per_mille", usual.clipping_per_mille, 1, 1000),
        narrow_hz=own.whole("narrow_hz", usual.narrow_hz, 1000, 20_000),
        hum_dbfs=own.whole("hum_dbfs", usual.hum_dbfs, -66, -20),
        loss_percent=own.whole("loss_percent", usual.loss_percent, 1, 100),
        frozen_s=own.whole("frozen_s", usual.frozen_s, 0, 3600),
        black_s=own.whole("black_s", usual.black_s, 0, 3600),
        drift_ppm=own.whole("drift_ppm", usual.drift_ppm, 20, 10_000),
        late_ticks=own.whole("late_ticks", usual.late_ticks, 1, 500),
        web_late=own.whole("web_late", usual.web_late, 1, 50),
        disk_gib=own.whole("disk_gib", usual.disk_gib, 0, 10_000),
        certificate_days=own.whole("certificate_days", usual.certificate_days, 0, 365),
        certificate=own.text("certificate", usual.certificate),
    )
    own.close()
    return config
