"""Run the stand-in gateway until Ctrl-C, to try the dashboard without an account."""

import argparse
import threading

from . import Market, StandIn


def main(argv: list[str] | None = None) -> int:
    """Listen, say so in one line, and serve."""
    parser = argparse.ArgumentParser(prog="python -m tests.gateway", description=__doc__)
    parser.add_argument("--port", type=int, default=4002, help="port to listen on")
    parser.add_argument("--no-shift", action="store_true", help="leave the bars at their own dates")
    parser.add_argument("--enforce-pacing", action="store_true", help="refuse what comes too fast")
    parser.add_argument("--slow", type=float, default=0.0, metavar="SECONDS", help="delay answers")
    arguments = parser.parse_args(argv)
    market = Market(shifted=not arguments.no_shift)
    gateway = StandIn(
        market,
        port=arguments.port,
        delay=arguments.slow,
        enforce_pacing=arguments.enforce_pacing,
    )
    try:
        gateway.start()
    except OSError as error:
        gateway.close()
        parser.exit(1, f"Port {arguments.port} cannot be listened on: {error.strerror}.\n")
    with gateway:
        print(_introduction(gateway.port, market), flush=True)  # noqa: T201
        try:
            threading.Event().wait()
        except KeyboardInterrupt:
            return 0
    return 0


def _introduction(port: int, market: Market) -> str:
    when = "shifted in time to end now" if market.shifted else "at their own dates"
    symbols = ", ".join(sorted({i.symbol for i in market.instruments}))
    return f"Stand-in gateway on 127.0.0.1:{port}: real bars of the past, {when}; {symbols}."


if __name__ == "__main__":
    raise SystemExit(main())
