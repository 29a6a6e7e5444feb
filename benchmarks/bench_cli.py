"""Times of whole command-line processes: a backtest on stored bars, and every --help."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.machine import describe_machine, print_line

ROOT = Path(__file__).resolve().parent.parent
REPEATS = 15
HELP_REPEATS = 9
BACKTEST = ("scripts.backtest", "-s", "MSFT", "-r", "1d", "--strategy", "ma_cross")


def main() -> None:
    """Print median, minimum and maximum of each process."""
    print(describe_machine("numpy", "pandas", "numba", "sqlalchemy"))
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {"DATA_DIR": folder, "DATABASE_URL": ""}
        run(environment, "scripts.prepare")
        print("\nwhole process, sample bars of MSFT stored")
        slow = iter(range(60, 60 + 2 * REPEATS))  # a new run each time
        for label, options in (("backtest", ()), ("backtest --plot full", ("--plot", "full"))):
            times = [
                run(environment, *BACKTEST, "--param", f"slow={next(slow)}", *options)
                for _ in range(REPEATS)
            ]
            print_line(label, times, "ms")
        for script in commands():
            times = [run(environment, script, "--help") for _ in range(HELP_REPEATS)]
            print_line(f"{script.removeprefix('scripts.')} --help", times, "ms")


def commands() -> list[str]:
    """Return the modules of scripts/ that are commands."""
    names = sorted(path.stem for path in (ROOT / "scripts").glob("*.py"))
    return [f"scripts.{name}" for name in names if name != "__init__"]


def run(environment: dict[str, str], *arguments: str) -> float:
    """Run a module to its end and return the milliseconds; raise when it fails."""
    start = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=ROOT, env=environment, check=True, capture_output=True,
    )  # fmt: skip
    return (time.perf_counter() - start) * 1000


if __name__ == "__main__":
    main()
