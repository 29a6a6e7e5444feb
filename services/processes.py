"""Names this process so that others can tell whether it still lives."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_START_FIELD = 19  # of /proc/PID/stat, counted after the closing bracket of the name


@dataclass(frozen=True)
class ProcessName:
    """Where a process runs, its number there, and when it began: a number is given out again."""

    machine: str
    pid: int
    start: str

    def __str__(self) -> str:
        return f"{self.machine}:{self.pid}:{self.start}"

    @classmethod
    def parse(cls, text: str) -> "ProcessName | None":
        """Read a name; None when it is not one."""
        machine, _, rest = text.partition(":")
        pid, _, start = rest.partition(":")
        return cls(machine, int(pid), start) if machine and pid.isdigit() else None


@cache
def _machine() -> str:
    """Name the machine since it was switched on, and the container if it is one."""
    boot = _text("/proc/sys/kernel/random/boot_id")[:8]
    try:
        space = str(Path("/proc/self/ns/pid").readlink()).strip("pid:[]")
    except OSError:
        space = ""
    return "-".join(part for part in (socket.gethostname()[:60], boot, space) if part)


def this_process() -> str:
    """Return the name of this process."""
    return str(ProcessName(_machine(), os.getpid(), _start_of(os.getpid())))


def is_gone(name: str | None) -> bool | None:
    """Tell whether the process has ended; None when it is on a machine that we cannot see."""
    process = ProcessName.parse(name or "")
    if process is None or process.machine != _machine():
        return None
    try:
        os.kill(process.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        pass  # it lives, as somebody else's
    return _start_of(process.pid) not in ("", process.start) or _is_zombie(process.pid)


def _start_of(pid: int) -> str:
    fields = _after_name(pid)
    return fields[_START_FIELD] if len(fields) > _START_FIELD else ""


def _is_zombie(pid: int) -> bool:
    """Tell whether it has ended and only its parent has not asked how."""
    return _after_name(pid)[:1] == ["Z"]


def _after_name(pid: int) -> list[str]:
    return _text(f"/proc/{pid}/stat").rpartition(")")[2].split()


def _text(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return ""
