"""Reads a delimited text file, plain or gzipped, as a table of text cells."""

import csv
import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from services.errors import InvalidFile

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t"


def read_table(path: Path) -> tuple[pd.DataFrame, str]:
    """Return the cells, stripped, under the file's own headers, and the delimiter.

    A row with fewer or more cells than the header cannot be trusted: it comes back blank.
    Raises InvalidFile.
    """
    text = _text(path, _unpacked(path, _content(path)))
    first = next(line for line in text.splitlines() if line.strip())
    delimiter = max(_DELIMITERS, key=first.count)
    if delimiter not in first:
        raise InvalidFile(
            f'{path.name} is not a table: its first line, "{first[:60]}", is no row of headers '
            "separated by commas, semicolons or tabs."
        )
    return _cells(path, text, delimiter), delimiter


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


def _cells(path: Path, text: str, delimiter: str) -> pd.DataFrame:
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        width = len(_split(lines[0], delimiter))
        whole = "\n".join(_whole_row(line, delimiter, width) for line in lines)
        table = pd.read_csv(
            io.StringIO(whole),
            sep=delimiter,
            dtype=str,
            keep_default_na=False,
            index_col=False,
            skipinitialspace=True,
        )
    except (csv.Error, pd.errors.ParserError, ValueError) as error:
        raise InvalidFile(f"{path.name} cannot be read as a table: {error}.") from error
    table.columns = table.columns.str.strip()
    return table.apply(lambda column: column.str.strip())


def _whole_row(line: str, delimiter: str, width: int) -> str:
    """Return the line if it has a cell for each header, else a row of blanks."""
    if '"' not in line and line.count(delimiter) == width - 1:
        return line
    cells = _split(line, delimiter)
    if len(cells) == width:
        return line
    if len(cells) > width and not any(cell.strip() for cell in cells[width:]):
        return line.rstrip().rstrip(delimiter)
    return delimiter * (width - 1)


def _split(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
