"""Run the benchmarks one after the other and put what they print into docs/benchmarks.md.

    python -m benchmarks               all of them
    python -m benchmarks bench_peers   one, or several

Each runs in a process of its own. All outputs of a run also stand in build/benchmarks.txt.
"""

import argparse
import subprocess
import sys

from benchmarks.outputs import DOCUMENT, ROOT, benchmark_names, section, with_section
from services.errors import did_you_mean

REPORT = ROOT / "build" / "benchmarks.txt"


def main() -> int:
    """Run what is asked for; return 1 when one of them failed."""
    options = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    options.add_argument("names", nargs="*", metavar="NAME")
    names = options.parse_args().names or benchmark_names()
    for name in names:
        if name not in benchmark_names():
            known = ", ".join(benchmark_names())
            hint = did_you_mean(name, benchmark_names())
            options.error(f'there is no benchmark "{name}": use one of {known}.{hint}')
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text("")
    failed = [name for name in names if not _run(name)]
    if failed:
        print(f"\nFailed, and left as they were in {DOCUMENT.name}: {', '.join(failed)}.")
    return 1 if failed else 0


def _run(name: str) -> bool:
    print(f"\n{name}", flush=True)
    command = [sys.executable, "-u", "-m", f"benchmarks.{name}"]
    lines = []
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            lines.append(line)
    output = "".join(lines)
    with REPORT.open("a") as report:
        report.write(f"{name}\n{output}\n")
    if process.returncode:
        return False
    DOCUMENT.write_text(with_section(DOCUMENT.read_text(), name, section(name, output)))
    return True


if __name__ == "__main__":
    raise SystemExit(main())
