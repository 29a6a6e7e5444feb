"""What scripts.optimise prints: before the start, of a finished study, of all saved ones."""

import json
import sys

from scripts.cli.front import print_combinations, print_front


def announce(prepared) -> None:
    """Print what will be tried, on what, and about how long it takes."""
    from services.optimise.estimate import seconds_in_all, span_text, thinking_seconds
    from services.optimise.grid_text import text_of
    from services.studies.request import SEARCH, WALK_FORWARD
    from services.wording import counted, settings_text

    extent, request = prepared.extent, prepared.request
    tried = ", ".join(f"{name} {text_of(values)}" for name, values in request.space.items())
    dropped = f" ({extent.dropped:,} more are not valid)" if extent.dropped else ""
    bars, settings = len(prepared.bars), request.backtest.settings
    searched = request.space, request.samples, len(request.objectives)
    searches = request.method == SEARCH
    seconds = seconds_in_all(
        prepared.strategy_class,
        extent.combinations,
        bars,
        settings,
        thinking=thinking_seconds(prepared.strategy_class, *searched) if searches else 0.0,
        walks=request.method == WALK_FORWARD,
    )
    each = extent.combinations // prepared.windows
    of = f" of {tried}" if tried else ""
    windows = f" in each of {prepared.windows:,} windows" if prepared.windows > 1 else ""
    print(
        f"{request.title}: {counted(each, 'combination')}{dropped}{of}{windows}, "
        f"{bars:,} bars, {span_text(seconds)}"
    )
    print(settings_text(settings), flush=True)


def show(workspace, study, results, kind, objectives, *, top: int, as_json: bool) -> None:
    """Print a finished study: its best, or its windows, and what they are worth.

    Of several `objectives` the front is printed, too.
    """
    from services.studies import trials_of
    from services.studies.evidence import evidence_of
    from services.studies.holdout import unseen_of
    from services.studies.record import study_record
    from services.studies.walk_evidence import walk_evidence

    database, backtest = workspace.database, study.request.backtest
    trials = trials_of(database, backtest.symbol, backtest.resolution, backtest.strategy)
    walks = study.request.method == "walk_forward"
    if walks:
        evidence, unseen = walk_evidence(database, study), None
    else:
        evidence = evidence_of(database, study, kind, results)
        unseen = unseen_of(database, study, kind, results)
    if as_json:
        record = study_record(study, results, evidence, trials, top, unseen, objectives)
        print(json.dumps(record))
    elif walks:
        _print_walk(study, evidence)
    else:
        _print_best(study, results, evidence, unseen, top)
        if len(objectives) > 1:
            print_front(study, results, objectives)
    if not as_json:
        _print_end(study, trials)


def _print_best(study, results, evidence, unseen, top: int) -> None:
    from services.studies.holdout import unseen_text
    from services.studies.record import failed_count, ranked
    from services.wording import counted

    objectives = study.request.objectives
    print()
    print_combinations(study, ranked(results, objectives, top), objectives)
    if failed := failed_count(results):
        why = results["error"].dropna().iloc[0]
        print(f"\n{counted(failed, 'combination')} failed. The first: {why}")
    if evidence is None:
        print("\nNo combination qualifies: none has that metric, or enough trades.")
        return
    print(f"\n{evidence.verdict.text}")
    if unseen is not None:
        print(unseen_text(results, unseen, study.request.objective))
    for found in (evidence.costs, evidence.folds, evidence.look_ahead):
        if found is not None:
            print(found.text)
    if evidence.caution:
        print(f"Caution: {evidence.caution}", file=sys.stderr)


def _print_walk(study, evidence) -> None:
    from services.metrics import METRIC_SPECS, METRICS
    from services.wording import metric_text

    found, spec = study.summary, METRIC_SPECS[study.request.objective.metric]
    print(f"\n{'test':>25}{'in sample':>12}{'after':>12}{'profit':>10}  parameters")
    for window in found["windows"]:
        before, after = (metric_text(spec.kind, window[name]) for name in ("before", "after"))
        params = window["params"] or {}
        words = ", ".join(f"{name} {value}" for name, value in params.items()) or "none: stays out"
        if error := window.get("error"):
            words += f" (failed: {error})"
        test = f"{window['test_start'][:10]} to {window['test_end'][:10]}"
        profit = metric_text("percent", window["profit"])
        print(f"{test:>25}{before:>12}{after:>12}{profit:>10}  {words}")
    print(f"\n{'Out of sample':22}{'Strategy':>16}{'Buy & Hold':>16}")
    for metric in METRICS:
        cells = (found[name][metric.name] for name in ("metrics", "benchmark_metrics"))
        print(f"{metric.label:22}" + "".join(f"{metric_text(metric.kind, c):>16}" for c in cells))
    if evidence is not None:
        print(f"\n{evidence.verdict.text}")
        print(evidence.tests.look_ahead.text)


def _print_end(study, trials) -> None:
    from services.wording import counted

    backtest = study.request.backtest
    series = f"{backtest.symbol} {backtest.resolution}"
    if note := study.summary.get("note"):
        print(note)
    print(
        f"{counted(study.done, 'combination')} tried, {study.dropped:,} dropped as not valid. "
        f"Trials of {backtest.strategy} on {series} so far: {trials.total:,} "
        f"({trials.in_studies:,} in studies, {trials.runs:,} saved runs)."
    )
    if study.id:
        print(f"Study {study.id} is saved: show it with --resume {study.id}.")


def print_studies(workspace, symbol, strategy, most: int, *, as_json: bool) -> None:
    """Print the latest saved studies, of one symbol and strategy where these are given."""
    from services.studies import StudyFilter, find_studies

    wanted = StudyFilter(symbol=symbol or "", strategy=strategy or "")
    page = find_studies(workspace.database, wanted, limit=most)
    if as_json:
        records = [_listed(study) for study in page.rows]
        print(json.dumps({"studies": records, "total": page.total}))
        return
    if not page.rows:
        print("There are no such studies." if symbol or strategy else "No study is saved yet.")
        return
    print(f"{'':>6}  {'asked':17} {'state':12}{'tried':>20}  {'best':>18}  study")
    for study in page.rows:
        print(_line(study))
    if page.total > len(page.rows):
        print(f"{page.total - len(page.rows):,} more: show them with --top {page.total}.")


def _line(study) -> str:
    from services.studies import METHODS
    from services.wording import metric_text

    spec = study.request.objective.spec
    tried = f"{study.done:,} of {study.combinations:,}"
    best = f"{spec.label} {metric_text(spec.kind, study.best)}"
    name = f" ({study.name})" if study.name else ""
    what = f"{study.request.title}: {METHODS[study.request.method]}{name}"
    return (
        f"{study.id:>6}  {study.created_at:%Y-%m-%d %H:%M}  {study.state:12}{tried:>20}  "
        f"{best:>18}  {what}"
    )


def _listed(study) -> dict:
    from services.backtest.trades import iso_time

    backtest, request = study.request.backtest, study.request
    return {
        "study_id": study.id,
        "created_at": iso_time(study.created_at),
        "name": study.name,
        "symbol": backtest.symbol,
        "resolution": backtest.resolution,
        "strategy": backtest.strategy,
        "method": request.method,
        "objective": request.objective.metric,
        "state": study.state,
        "done": study.done,
        "combinations": study.combinations,
        "best": study.best,
    }
