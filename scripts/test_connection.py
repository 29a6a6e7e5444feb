"""Connect to TWS or IB Gateway and print versions, account, clock and data farms."""

import argparse
import json

from scripts.cli.door import Parser, run_main

EPILOG = """example:
  python -m scripts.test_connection
  python -m scripts.test_connection -c 7 --json

The address comes from IB_HOST and IB_PORT, the client id from IB_CLIENT_ID."""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    args = _parser().parse_args(argv)
    return run_main(lambda: _test(args.client_id, args.json))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m scripts.test_connection",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-c", "--client-id", type=_client_id, help="client id; the next ones are tried if taken"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser


def _client_id(text: str) -> int:
    if not text.isdecimal() or int(text) >= 2**31:
        raise argparse.ArgumentTypeError(f"{text} is no client id: write a whole number from 0 on")
    return int(text)


def _test(client_id: int | None, as_json: bool) -> int:
    from services.ibkr import Gateway
    from services.settings import load_settings
    from services.timespan import utc_now

    settings = load_settings()
    with Gateway(settings, client_id) as gateway:
        info = gateway.describe()
        skew = (utc_now() - info.server_time).total_seconds()
    found = {
        "host": settings.ib_host,
        "port": settings.ib_port,
        "library": info.library,
        "library_version": info.library_version,
        "server_version": info.server_version,
        "client_id": info.client_id,
        "accounts": list(info.accounts),
        "server_time": info.server_time.isoformat(),
        "clock_ahead_seconds": round(skew, 1),
        "farms": info.farms,
    }
    print(json.dumps(found) if as_json else _as_text(found))
    return 0


def _as_text(found: dict) -> str:
    farms = ", ".join(f"{name} {state}" for name, state in sorted(found["farms"].items()))
    lines = {
        "Gateway": f"{found['host']}:{found['port']}",
        "Library": f"{found['library']} {found['library_version']}",
        "Server version": found["server_version"],
        "Client id": found["client_id"],
        "Account": ", ".join(found["accounts"]),
        "Server time": found["server_time"],
        "This clock": _skew(found["clock_ahead_seconds"]),
        "Data farms": farms or "none reported",
    }
    return "\n".join(f"{name + ':':<16}{value}" for name, value in lines.items())


def _skew(ahead: float) -> str:
    # The gateway's clock has whole seconds, so that less than two says nothing.
    if abs(ahead) < 2:
        return "agrees with the gateway"
    side = "ahead of" if ahead > 0 else "behind"
    return f"{abs(ahead):.0f} seconds {side} the gateway: set this machine's clock by a time server"


if __name__ == "__main__":
    raise SystemExit(main())
