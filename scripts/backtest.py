"""Backtest a strategy on stored bars, print the result, draw and save it."""

import argparse
import json
import sys

from scripts.cli.door import Parser, progress_bar, run_main
from scripts.cli.flags import (
    add_series_flags,
    add_simulation_flags,
    add_span_flags,
    pairs_of,
    request_of,
)

EPILOG = """examples:
  python -m scripts.backtest -s AAPL -r 1d --strategy ma_cross --fetch-duration "5 Y" --plot full
  python -m scripts.backtest -s AAPL -r 1d --strategy ma_cross --param fast=10 slow=30 --json
  python -m scripts.backtest --list-strategies"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    parser = _parser()
    args = parser.parse_args(argv)
    if not args.list_strategies:
        for name in ("symbol", "strategy"):
            if getattr(args, name) is None:
                parser.error(f"--{name} is needed")
    return run_main(lambda: _list_strategies() if args.list_strategies else _backtest(args))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m scripts.backtest",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add_series_flags(parser)
    add("--list-strategies", action="store_true", help="list strategies and their parameters")
    add("--param", nargs="+", action="append", default=[], metavar="NAME=VALUE",
        help="parameters of the strategy")  # fmt: skip
    span = add_span_flags(parser)
    span.add_argument("--auto-fetch", action=argparse.BooleanOptionalAction, default=False,
                      help="fetch from Interactive Brokers what the span lacks of stored "
                           "bars")  # fmt: skip
    span.add_argument(
        "--no-fetch", dest="auto_fetch", action="store_false", help="use what is stored"
    )
    add_simulation_flags(parser)
    out = parser.add_argument_group("output")
    out.add_argument("--plot", choices=("simple", "full"), help="write a PNG to data/plots")
    out.add_argument("--json", action="store_true", help="print one JSON object and nothing else")
    out.add_argument("--save", action=argparse.BooleanOptionalAction, default=True,
                     help="keep the run (default)")  # fmt: skip
    return parser


def _backtest(args: argparse.Namespace) -> int:
    from services.research import run_request
    from services.workspace import open_workspace
    from strategies.registry import load_strategy

    request = request_of(args)
    strategy = load_strategy(args.strategy, **pairs_of(args.param))
    workspace = open_workspace()
    if args.auto_fetch:
        _fetch_if_missing(workspace, request)
    run = run_request(workspace, request, strategy, save=args.save)
    plot = _plot(args.plot, run, workspace) if args.plot else None
    if args.json:
        print(json.dumps(_as_json(run, plot)))
        _warn(run, sys.stderr)
    else:
        _print(run, plot)
    return 0


def _fetch_if_missing(workspace, request) -> None:
    from services.ingest import fetch_missing
    from services.timespan import utc_now

    start, end = request.span(utc_now())
    with progress_bar() as report:
        caution = fetch_missing(
            workspace, request.symbol, request.resolution, start, end, report=report
        )
    if caution:
        print(f"Caution: {caution}", file=sys.stderr)


def _plot(kind: str, run, workspace) -> str:
    from services.plots import save_report

    request = run.request
    folder = workspace.settings.plots_dir
    path = save_report(
        run.result,
        request.symbol,
        request.resolution,
        kind,
        folder,
        subtitle=run.bars_note,
        cautions=run.cautions,
    )
    return str(path)


def _as_json(run, plot: str | None) -> dict:
    from services.backtest.trades import iso_time, trade_records

    result, request = run.result, run.request
    return {
        "symbol": request.symbol,
        "resolution": request.resolution,
        "strategy": request.strategy,
        "params": dict(request.params),
        "start": iso_time(result.start),
        "end": iso_time(result.end),
        "bars": len(result.bars),
        "metrics": result.metrics,
        "benchmark_metrics": result.benchmark_metrics,
        "trades": trade_records(result.trades.drop(columns=["entry_bar", "exit_bar"])),
        "run_id": run.id,
        "plot": plot,
    }


def _warn(run, stream) -> None:
    peeks = [run.look_ahead.text] if run.look_ahead.status == "peeks" else []
    for caution in (*peeks, *run.warnings):
        print(f"Caution: {caution}", file=stream)


def _print(run, plot: str | None) -> None:
    from services.metrics import METRICS
    from services.wording import metric_text, params_text, settings_text

    result, request_params = run.result, run.request.params
    print(
        f"{run.title}: {len(result.bars):,} bars, {result.start:%Y-%m-%d} to {result.end:%Y-%m-%d}"
        + (f" ({run.bars_note})" if run.bars_note else "")
    )
    print(
        params_text(request_params)
        + (" · " if request_params else "")
        + settings_text(result.settings)
    )
    _warn(run, sys.stdout)
    print(f"\n{'':22}{'Strategy':>16}{'Buy & Hold':>16}")
    for spec in METRICS:
        mine, other = (
            metric_text(spec.kind, metrics[spec.name])
            for metrics in (result.metrics, result.benchmark_metrics)
        )
        print(f"{spec.label:22}{mine:>16}{other:>16}")
    if run.id is not None:
        print(f"\nRun {run.id} is saved: open /runs/{run.id} in the dashboard.")
    if plot:
        print(f"Plot: {plot}")


def _list_strategies() -> int:
    from services.parameters import parameter_specs
    from strategies.registry import STRATEGIES

    for name, strategy in STRATEGIES.items():
        print(f"{name}: {strategy.rule}")
        for spec in parameter_specs(strategy.Params):
            print(f"    {spec.name}={spec.default}  {spec.help} ({spec.span})")
    return 0


if __name__ == "__main__":
    sys.exit(main())
