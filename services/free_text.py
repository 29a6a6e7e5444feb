"""What people write: made fit to be kept, and looked for in what is kept."""

from sqlalchemy import ColumnElement, or_

from services.errors import InvalidParams

LONGEST_NAME, LONGEST_NOTES = 200, 10_000
HIGHEST_ID = 2**31 - 1
_MOST_WORDS, _LONGEST_TEXT = 10, 200


def clean_name(text: str) -> str:
    """Return a name as one line; raise InvalidParams for one that is too long."""
    return _short(one_line(text), LONGEST_NAME, "name")


def clean_notes(text: str) -> str:
    """Return notes without what cannot be kept; raise InvalidParams for too many."""
    return _short(_printable(text).strip(), LONGEST_NOTES, "notes")


def one_line(text: str) -> str:
    """Return a text with single spaces and no line breaks."""
    return " ".join(_printable(text).split())


def words_of(text: str) -> list[str]:
    """Return the words to look for, of a text of any length."""
    return storable(text)[:_LONGEST_TEXT].split()[:_MOST_WORDS]


def storable(text: str) -> str:
    """Leave out what no driver takes: zeros and halves of pairs."""
    return str(text).replace("\0", "").encode("utf-8", "ignore").decode()


def number_in(word: str) -> int | None:
    """Return the number that a word means, as in "12" or "#12"."""
    digits = word.removeprefix("#")
    is_number = digits.isascii() and digits.isdigit() and int(digits) <= HIGHEST_ID
    return int(digits) if is_number else None


def contains(column: ColumnElement, word: str) -> ColumnElement[bool]:
    """Match a text plainly, whatever % and _ mean to LIKE, in any case.

    SQLite knows the case of ASCII letters only: for others the usual spellings are tried.
    """
    spellings = {word} if word.isascii() else {word, word.lower(), word.upper(), word.title()}
    return or_(*(column.icontains(text, autoescape=True) for text in sorted(spellings)))


def _short(text: str, most: int, field: str) -> str:
    if len(text) > most:
        raise InvalidParams(
            f"The {field} may have {most:,} characters at most, not {len(text):,}: shorten it.",
            field=field,
        )
    return text


def _printable(text: str) -> str:
    """Leave out what no database or page can hold: control characters and halves of pairs."""
    plain = str(text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in plain if c in "\n\t" or c.isprintable() or c.isspace())
