"""What may be laid into a booth: a manuscript as text, a PDF, a glossary as a table. Bytes in, checked bytes out.

A PDF is only looked at from outside (ISO 32000-1 sections 7.5.2 and 7.5.5: how it begins and ends); the browser that
shows it does so in a sandbox. Text is UTF-8 alone, because another encoding cannot be told from a guess, and a wrong
guess makes a name in a glossary unreadable in the moment it is needed.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from server.problems import Problem

MAX_ROWS: Final = 5_000
MAX_COLUMNS: Final = 8
MAX_CELL_CHARS: Final = 500
_DELIMITERS: Final = ("\t", ";", ",")
# Header and trailer may have some junk around them, as every reader since Acrobat allows.
_PDF_EDGE_BYTES: Final = 1024
_WHITE: Final = frozenset("\n\r\t\f")


class PaperKind(StrEnum):
    """What sort of paper it is; says how it is checked, kept and shown."""

    TEXT = "text"
    PDF = "pdf"
    GLOSSARY = "glossary"


MAX_BYTES: Final[Mapping[PaperKind, int]] = {
    PaperKind.TEXT: 512 * 1024,
    PaperKind.PDF: 10 * 1024 * 1024,
    PaperKind.GLOSSARY: 1024 * 1024,
}
"""How large each kind may be as it comes."""

CONTENT_TYPES: Final[Mapping[PaperKind, str]] = {
    PaperKind.TEXT: "text/plain",
    PaperKind.PDF: "application/pdf",
    PaperKind.GLOSSARY: "application/json",
}
"""As what each kind is given out again."""


def checked(kind: PaperKind, content: bytes) -> bytes:
    """Return the paper as it is kept: text without a byte order mark, a PDF as it came, a glossary as JSON.

    Raises Problem paper_empty, paper_encoding, paper_not_pdf, paper_not_glossary or glossary_too_large.
    """
    if not content.strip():
        raise Problem("paper_empty")
    match kind:
        case PaperKind.TEXT:
            return _filled(_text(content)).encode()
        case PaperKind.PDF:
            return _pdf(content)
        case PaperKind.GLOSSARY:
            glossary = _glossary(_filled(_text(content)))
            return json.dumps(glossary, ensure_ascii=False, separators=(",", ":")).encode()


def _text(content: bytes) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Problem("paper_encoding") from None
    if any(not character.isprintable() and ord(character) < 32 and character not in _WHITE for character in text):
        raise Problem("paper_encoding")
    return text


def _filled(text: str) -> str:
    """Return the text. Raises Problem paper_empty for one that a byte order mark alone is left of."""
    if not text.strip():
        raise Problem("paper_empty")
    return text


def _pdf(content: bytes) -> bytes:
    begins = b"%PDF-" in content[:_PDF_EDGE_BYTES]
    ends = b"%%EOF" in content[-_PDF_EDGE_BYTES:]
    if not begins or not ends:
        raise Problem("paper_not_pdf")
    return content


def _glossary(text: str) -> dict[str, object]:
    """Return {"columns", "rows"}: the first line names the columns; tab, semicolon or comma between them."""
    first = text.lstrip().partition("\n")[0]
    delimiter = max(_DELIMITERS, key=first.count)
    try:
        lines = [_cells(line) for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
    except csv.Error:
        raise Problem("paper_not_glossary") from None
    filled = [line for line in lines if any(line)]
    if len(filled) < 2 or len(filled[0]) < 2:
        raise Problem("paper_not_glossary")
    columns, *rows = filled
    if len(rows) > MAX_ROWS or len(columns) > MAX_COLUMNS:
        raise Problem("glossary_too_large")
    if any(len(row) > len(columns) for row in rows):
        raise Problem("paper_not_glossary")
    if any(len(cell) > MAX_CELL_CHARS for row in (columns, *rows) for cell in row):
        raise Problem("glossary_too_large")
    return {"columns": columns, "rows": [[*row, *[""] * (len(columns) - len(row))] for row in rows]}


def _cells(line: list[str]) -> list[str]:
    """Return a line's cells without the white space around them, and without empty ones at the end."""
    cells = [" ".join(cell.split()) for cell in line]
    while cells and not cells[-1]:
        cells.pop()
    return cells
