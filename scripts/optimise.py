"""Try many combinations of a strategy's parameters, rank them, and say what the best is worth."""

import argparse
import sys

from scripts.cli.door import INTERRUPTED, Parser, progress_bar, run_main
from scripts.cli.flags import (
    add_series_flags,
    add_simulation_flags,
    add_span_flags,
    pairs_of,
    request_of,
)
from scripts.cli.studies import announce, print_studies, show

EPILOG = """examples:
  python -m scripts.optimise -s MSFT -r 1d --strategy ma_cross --grid fast=5:50:5 slow=20:200:10
  python -m scripts.optimise -s MSFT --strategy rsi --grid lower=20:40 upper=60:80 --method sobol
  python -m scripts.optimise -s MSFT --strategy macd --walk-forward --train "2 Y" --test "6 M"
  python -m scripts.optimise -s MSFT --strategy ma_cross --grid fast=2:60 slow=20:250 \\
      --method search --objective sharpe,max_drawdown
  python -m scripts.optimise --resume 12
  python -m scripts.optimise --list -s MSFT"""


def main(argv: list[str] | None = None) -> int:
    """Run the command; return 0, or 1 after one line on standard error (2 for bad usage)."""
    parser = _parser()
    args = parser.parse_args(argv)
    _check(parser, args)
    return run_main(lambda: _optimise(args))


def _parser() -> Parser:
    parser = Parser(
        prog="python -m scripts.optimise",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_series_flags(parser)
    how = parser.add_argument_group("what is tried")
    add = how.add_argument
    add("--grid", nargs="+", action="append", default=[], metavar="NAME=VALUES",
        help="from:to:step, or values with commas; a name alone, and without --grid each "
             "parameter, has the values that its strategy suggests")  # fmt: skip
    add("--method", choices=("grid", "random", "sobol", "search"), default="grid",
        help="all combinations (grid, default), some drawn, or a guided search")  # fmt: skip
    add("--samples", type=int, default=1000, metavar="N", help="how many are drawn (1000)")
    add("--seed", type=int, default=0, metavar="N", help="the same seed draws the same (0)")
    add("--objective", action="append", metavar="METRIC[,METRIC]",
        help="what is ranked by (sharpe); two or three, the most important first, show the front "
             "of combinations that none beats in one without losing in another")  # fmt: skip
    add("--minimum-trades", type=int, default=0, metavar="N", help="fewer do not qualify (0)")
    add("--holdout", type=int, default=0, metavar="PERCENT",
        help="last bars kept unseen; the best are tried on them afterwards (0)")  # fmt: skip
    add("--resume", metavar="ID", help="go on with a study that was stopped, or show it")
    add("--list", action="store_true", help="list saved studies, of -s and --strategy if given")
    walk = parser.add_argument_group("walk-forward")
    add = walk.add_argument
    add("--walk-forward", action="store_true", help="choose on past bars, trade the bars after")
    add("--train", default="", metavar="SPAN", help='bars to choose on, as in "2 Y"')
    add("--test", default="", metavar="SPAN", help='bars to trade, as in "6 M"')
    add("--anchored", action="store_true", help="always choose on all bars from the first one")
    add("--embargo", type=int, default=0, metavar="N", help="bars left out between the two (0)")
    add_span_flags(parser)
    add_simulation_flags(parser)
    out = parser.add_argument_group("output")
    add = out.add_argument
    add("--top", type=int, default=10, metavar="N", help="how many of the best are shown (10)")
    add("--json", action="store_true", help="print one JSON object and nothing else")
    add("--save", action=argparse.BooleanOptionalAction, default=True,
        help="keep the study (default)")  # fmt: skip
    return parser


def _check(parser: Parser, args: argparse.Namespace) -> None:
    for name in ("symbol", "strategy"):
        if args.resume is None and not args.list and getattr(args, name) is None:
            parser.error(f"--{name} is needed")
    for name in ("samples", "top", "embargo", "minimum_trades"):
        if getattr(args, name) < (name in ("samples", "top")):
            parser.error(f"--{name.replace('_', '-')} is too small")
    if args.walk_forward and args.method != "grid":
        parser.error("--walk-forward tries all combinations of a grid: leave --method out")
    if (args.train or args.test) and not args.walk_forward:
        parser.error("--train and --test need --walk-forward")
    if args.resume is not None and args.objective and len(_names(args.objective)) == 1:
        parser.error("a study keeps its objective: with --resume name two or three for a front")


def _optimise(args: argparse.Namespace) -> int:
    from services.studies.load import find_study
    from services.studies.prepare import prepare_study
    from services.workspace import open_workspace
    from strategies.registry import strategy_class

    if args.list:
        print_studies(open_workspace(), args.symbol, args.strategy, args.top, as_json=args.json)
        return 0
    if args.resume is not None:
        workspace = open_workspace(strategy_class=strategy_class)
        study = find_study(workspace.database, args.resume)
        request, kind = study.request, strategy_class(study.request.backtest.strategy)
        looked_at = _looked_at(args, request)
    else:
        kind = strategy_class(args.strategy)
        request = _request(args, kind)
        workspace = open_workspace(strategy_class=strategy_class)
        study = looked_at = None
    if study is None or not study.is_whole:
        prepared = prepare_study(workspace.database, request, kind)
        if not args.json:
            announce(prepared)
        study, results = _run(workspace, prepared, study, args.save)
        if study is None:
            return INTERRUPTED
    else:
        results = _results(workspace, study)
    _warn(workspace, request)
    shown = study.request.objectives if looked_at is None else looked_at
    show(workspace, study, results, kind, shown, top=args.top, as_json=args.json)
    return 0


def _warn(workspace, request) -> None:
    from services.studies.cautions import study_cautions

    for caution in study_cautions(workspace.database, request.backtest):
        print(f"Caution: {caution}", file=sys.stderr)


def _request(args: argparse.Namespace, kind):
    from services.errors import InvalidParams
    from services.optimise.grid import MOST_COMBINATIONS, grid_size
    from services.studies import StudyRequest

    first, *further = _objectives(args, args.minimum_trades)
    request = StudyRequest(
        request_of(args),
        _space(args, kind),
        "walk_forward" if args.walk_forward else args.method,
        first,
        args.samples,
        args.seed,
        args.train,
        args.test,
        args.anchored,
        args.embargo,
        args.holdout,
        tuple(objective.metric for objective in further),
    )
    size = 0 if request.draws else grid_size(request.space)
    if size > MOST_COMBINATIONS:
        raise InvalidParams(
            f"{size:,} combinations are too many to try all (the most is {MOST_COMBINATIONS:,}): "
            "give fewer values, or draw some of them with --method sobol --samples 10000."
        )
    return request


def _names(given: list[str] | None) -> list[str]:
    """Return the metrics that were named, in one list with commas or option by option."""
    return [name for text in given or ["sharpe"] for name in text.split(",")]


def _objectives(args: argparse.Namespace, minimum_trades: int) -> list:
    from services.optimise.objective import Objective

    return [Objective.parse(name, minimum_trades) for name in _names(args.objective)]


def _looked_at(args: argparse.Namespace, request):
    """Return the objectives whose front of a stored study is asked for; None for its own."""
    from dataclasses import replace

    if not args.objective:
        return None
    first, *further = _objectives(args, request.objective.minimum_trades)
    names = tuple(objective.metric for objective in further)
    return replace(request, objective=first, further=names).objectives


def _space(args: argparse.Namespace, kind) -> dict:
    from services.errors import InvalidParams, did_you_mean
    from services.optimise.grid_text import space_of
    from services.parameters import parameter_specs

    # A name alone stands for the suggested values; one before "=" was meant to have its own.
    texts = pairs_of([[word if "=" in word else f"{word}=" for word in g] for g in args.grid])
    empty = {word.strip(" =") for group in args.grid for word in group if word.strip()[-1:] == "="}
    specs = parameter_specs(kind.Params)
    known = [spec.name for spec in specs]
    for name in texts:
        if name not in known:
            raise InvalidParams(
                f'{kind.name} has no parameter "{name}": it takes {", ".join(known)}.'
                f"{did_you_mean(name, known)}"
            )
        if name in empty and not texts[name]:
            raise InvalidParams(f"{name}: give at least one value to try.")
    wanted = [spec for spec in specs if spec.name in texts or not texts]
    return space_of(wanted, texts, draws=args.method != "grid")


def _run(workspace, prepared, study, save: bool) -> tuple:
    """Do the work with a bar; (None, None) after Ctrl-C, when it was said how to go on."""
    from services.optimise.choose_executor import executor_from
    from services.studies.prepare import create_prepared
    from services.studies.work import run_study, run_unsaved

    executor = executor_from(workspace.settings)
    if not save and study is None:
        with progress_bar() as report:
            return run_unsaved(prepared, executor, report)
    study = study or create_prepared(workspace.database, prepared)
    kind = prepared.strategy_class
    try:
        with progress_bar() as report:
            study = run_study(workspace.database, study.id, kind, executor, report)
    except KeyboardInterrupt:
        _say_how_to_go_on(workspace, study.id)
        return None, None
    return study, _results(workspace, study)


def _say_how_to_go_on(workspace, study_id: int) -> None:
    from services.studies import find_study

    study = find_study(workspace.database, study_id)
    sys.stderr.write(
        f"Stopped: {study.done:,} of {study.combinations:,} combinations are kept. Go on with: "
        f"python -m scripts.optimise --resume {study.id}\n"
    )


def _results(workspace, study):
    from services.studies import load_results

    return load_results(workspace.database, study.id)


if __name__ == "__main__":
    sys.exit(main())
