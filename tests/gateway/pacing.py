"""Find the requests for history that came too fast."""

from collections import deque
from dataclasses import dataclass

IDENTICAL, CONTRACT, ALL = "identical within 15 s", "6 for one contract within 2 s", "60 in 10 min"


@dataclass(frozen=True)
class Violation:
    """One broken rule and the request that broke it."""

    rule: str
    request: object


def violations(requests: list) -> list[Violation]:
    """Return the violations among requests for history, in their order."""
    found: list[Violation] = []
    last: dict[tuple, float] = {}
    per_contract: dict[tuple, deque] = {}
    window: deque = deque()
    for request in requests:
        same = request.fields[2:]
        if request.time - last.get(same, float("-inf")) < 15:
            found.append(Violation(IDENTICAL, request))
        last[same] = request.time
        weight = 2 if "BID_ASK" in request.fields else 1
        near = per_contract.setdefault(_contract_and_kind(request), deque())
        if _count(near, request.time, weight, 2) >= 6:
            found.append(Violation(CONTRACT, request))
        if _count(window, request.time, weight, 600) > 60:
            found.append(Violation(ALL, request))
    return found


def _contract_and_kind(request) -> tuple:
    return (*request.fields[2:14], request.fields[19:20])


def _count(times: deque, now: float, weight: int, seconds: float) -> int:
    times.extend([now] * weight)
    while times and now - times[0] >= seconds:
        times.popleft()
    return len(times)
