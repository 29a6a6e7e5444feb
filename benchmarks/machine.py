"""Says on what a measurement was made, and prints its lines."""

import os
import platform
import statistics
from importlib.metadata import version
from pathlib import Path


def describe_machine(*packages: str) -> str:
    """Return processor, cores, load, Python and the versions of packages in a few lines."""
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    versions = ", ".join(f"{name} {version(name)}" for name in packages)
    return (
        f"{_processor()}, {os.cpu_count()} cores; load {load} before the start (above the number "
        "of cores: the machine was busy with other work)\n"
        f"Python {platform.python_version()}, {versions}"
    )


def print_line(label: str, values: list[float], unit: str) -> None:
    """Print median, minimum and maximum."""
    print(
        f"  {label:<26}median {statistics.median(values):8.0f} {unit}   min {min(values):8.0f}   "
        f"max {max(values):8.0f}   n {len(values)}"
    )


def _processor() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
