"""Reads a delimited text file, plain or gzipped, as a table of text cells."""

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from services.errors import InvalidFile

_GZIP = b"\x1f\x8b"
_DELIMITERS = ";\t|,"  # of two as frequent the first counts: the comma may be a decimal sign
_LEAST_DELIMITERS = 4  # in a row of bars: time, open, high, low, close


def read_table(path: Path) -> tuple[pd.DataFrame, str]:
    """Return the cells, stripped, under the file's own headers, and the delimiter.

    A row with fewer or more cells than the header cannot be trusted: it comes back blank.
    Raises InvalidFile.
    """
    text = _text(path, _unpacked(path, _content(path)))
    lines = _without_comments([line for line in _numbered(text) if line[1].strip()])
    number, first = lines[0]
    delimiter = max(_DELIMITERS, key=first.count)
    if delimiter not in first:
        if first.count('"') % 2:
            raise _bad_quote(path, number)
        raise InvalidFile(
            f'{path.name} is not a table: its first line, "{first[:60]}", is no row of headers '
            "separated by commas, semicolons, tabs or pipes."
        )
    return _cells(path, lines, delimiter), delimiter


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as error:
        raise InvalidFile(f"There is no file {path}: check the name.") from error
    except IsADirectoryError as error:
        raise InvalidFile(f"{path} is a folder: name the file in it.") from error
    except OSError as error:
        raise InvalidFile(f"{path} cannot be read: {error.strerror}.") from error


def _unpacked(path: Path, content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise InvalidFile(
            f"{path.name} is a gzip file that is cut short or damaged: fetch it again."
        ) from error


def _text(path: Path, content: bytes) -> str:
    if not content.strip():
        raise InvalidFile(f"{path.name} is empty: fetch it again.")
    encoding = "utf-16" if content.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    if any(ord(sign) < 32 and sign not in "\t\r\n\f" for sign in text[:100_000]):
        raise InvalidFile(f"{path.name} is not a text file: give a CSV file, plain or gzipped.")
    if not text.strip():
        raise InvalidFile(f"{path.name} is empty: fetch it again.")
    return text


def _numbered(text: str) -> list[tuple[int, str]]:
    return list(enumerate(text.splitlines(), start=1))


def _without_comments(lines: list[tuple[int, str]]) -> list[tuple[int, str]]:
    """Drop leading lines behind a "#", but not a row of headers that is written so."""
    start = 0
    while start < len(lines) - 1 and lines[start][1].lstrip().startswith("#"):
        line, below = lines[start][1], lines[start + 1][1]
        if below[:1].isdigit() and any(
            line.count(sign) == below.count(sign) >= _LEAST_DELIMITERS for sign in _DELIMITERS
        ):
            break
        start += 1
    return lines[start:]


def _cells(path: Path, lines: list[tuple[int, str]], delimiter: str) -> pd.DataFrame:
    (number, first), *rows = lines
    headers = _split(path, number, first, delimiter)
    width = len(headers)
    whole = [_whole_row(path, number, row, delimiter, width) for number, row in rows]
    # Numbers instead of the headers: what repeats would be renamed.
    text = "\n".join([delimiter.join(map(str, range(width))), *whole])
    try:
        table = pd.read_csv(
            io.StringIO(text),
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            skipinitialspace=True,
        )
    except (pd.errors.ParserError, ValueError) as error:
        raise InvalidFile(
            f"{path.name} cannot be read as a table: save it as plain CSV."
        ) from error
    table = table.apply(lambda column: column.str.strip())
    table.columns = [header.strip() for header in headers]
    return table


def _whole_row(path: Path, number: int, line: str, delimiter: str, width: int) -> str:
    """Return the line if it has a cell for each header, else a row of blanks."""
    if '"' not in line and line.count(delimiter) == width - 1:
        return line
    cells = _split(path, number, line, delimiter)
    if len(cells) == width:
        return line
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return line.rstrip().rstrip(delimiter)
    return delimiter * (width - 1)


def _split(path: Path, number: int, line: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True, strict=True))
    except csv.Error as error:
        raise _bad_quote(path, number) from error


def _bad_quote(path: Path, number: int) -> InvalidFile:
    return InvalidFile(
        f"{path.name} cannot be read as a table: line {number} has a quote without its partner, a "
        "cell of several lines or an endless one; write each row on one line, in plain cells."
    )
