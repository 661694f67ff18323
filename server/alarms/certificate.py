"""How many days a certificate is good for: one in a file, or the one that the public address shows.

The address may be a proxy's; what viewers meet counts. A certificate that does not hold is read all the same, for when
it ends is all that is asked.
"""

from __future__ import annotations

import asyncio
import ssl
from datetime import UTC, datetime
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from cryptography import x509

_CONNECT_S: Final = 5.0


async def days_left(public_url: str, file: str, now: float) -> dict[str, float]:
    """Return days until the end by host or file name; nothing where there is no certificate or nobody answers."""
    try:
        if file:
            found = await asyncio.to_thread(Path(file).read_bytes)
            return {Path(file).name: _days(x509.load_pem_x509_certificate(found), now)}
        parts = urlsplit(public_url)
        if parts.scheme != "https" or parts.hostname is None:
            return {}
        shown = await _shown(parts.hostname, parts.port or 443)
        return {parts.hostname: _days(x509.load_der_x509_certificate(shown), now)}
    except (OSError, ValueError, TimeoutError):
        return {}


async def _shown(host: str, port: int) -> bytes:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    async with asyncio.timeout(_CONNECT_S):
        _, writer = await asyncio.open_connection(host, port, ssl=context)
    try:
        found: ssl.SSLObject = writer.get_extra_info("ssl_object")
        certificate = found.getpeercert(binary_form=True)
    finally:
        writer.close()
    if certificate is None:
        raise ValueError("no certificate was shown")
    return certificate


def _days(certificate: x509.Certificate, now: float) -> float:
    return (certificate.not_valid_after_utc - datetime.fromtimestamp(now, UTC)).total_seconds() / 86_400
