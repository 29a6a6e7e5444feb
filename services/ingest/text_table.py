"""Reads a delimited text file, plain or gzipped, as a table of text cells."""

import gzip
import io
import zlib
from pathlib import Path

import pandas as pd

from services.errors import InvalidFile

_GZIP = b"\x1f\x8b"
_DELIMITERS = ",;\t"
_BEYOND = "beyond the header"


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
    # One header more than the file has, so that a longer row shows itself.
    header, _, body = text.lstrip().partition("\n")
    text = f"{header.rstrip()}{delimiter}{_BEYOND}\n{body}"
    how = {"sep": delimiter, "dtype": str, "keep_default_na": False, "index_col": False}
    try:
        try:
            table = pd.read_csv(io.StringIO(text), skipinitialspace=True, **how)
        except pd.errors.ParserError:
            table = pd.read_csv(
                io.StringIO(text), engine="python", on_bad_lines=lambda cells: cells[:1], **how
            )
    except (pd.errors.ParserError, ValueError) as error:
        raise InvalidFile(f"{path.name} cannot be read as a table: {error}.") from error
    too_short = table.iloc[:, -2].isna()
    too_long = table[_BEYOND].fillna("").str.strip() != ""
    table = table.drop(columns=_BEYOND).fillna("")
    table.loc[too_short | too_long] = ""
    table.columns = table.columns.str.strip()
    return table.apply(lambda column: column.str.strip())
