"""The places in docs/benchmarks.md where the benchmarks' own words stand."""

from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "docs" / "benchmarks.md"


def benchmark_names() -> list[str]:
    """List the benchmarks by their modules' names."""
    return sorted(path.stem for path in (ROOT / "benchmarks").glob("bench_*.py"))


def section(name: str, output: str) -> str:
    """Return an output as a block of the document, with its command and the day."""
    day = datetime.now(UTC).date().isoformat()
    return f"\n`python -m benchmarks.{name}`, {day}:\n\n```text\n{output.strip()}\n```\n\n"


def with_section(document: str, name: str, text: str) -> str:
    """Return the document with what stands between a benchmark's two marks exchanged.

    Raises ValueError when the document has no place for it.
    """
    before, start, rest = document.partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- end of {name} -->")
    if not start or not end:
        raise ValueError(
            f"{DOCUMENT.name} has no place for {name}: add the lines <!-- {name} --> and "
            f"<!-- end of {name} --> where its output belongs."
        )
    return before + start + text + end + after
