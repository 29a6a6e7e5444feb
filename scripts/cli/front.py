"""Combinations as scripts.optimise prints them, and the front of a study by several objectives."""

_SHOWN = ("sharpe", "total_return", "cagr", "max_drawdown", "trades")
_MOST_OF_FRONT = 40


def print_combinations(study, rows, objectives) -> None:
    """Print a line a row: the parameters that were searched, the objectives, other metrics."""
    from services.metrics import METRIC_SPECS
    from services.wording import metric_text

    names = [name for name in rows if name in study.request.space]
    wanted = (*(objective.metric for objective in objectives), *_SHOWN)
    shown = [METRIC_SPECS[name] for name in dict.fromkeys(wanted)]
    print("".join(f"{name:>14}" for name in [*names, *(spec.label for spec in shown)]))
    for _, row in rows.iterrows():
        cells = [_value(row[name]) for name in names]
        cells += [metric_text(spec.kind, row[spec.name]) for spec in shown]
        print("".join(f"{cell:>14}" for cell in cells))


def print_front(study, results, objectives) -> None:
    """Print the front, the best in the first objective first; of a long one an even choice."""
    import numpy as np

    from services.studies.front import chosen_text, front_order, front_text

    places = front_order(results, objectives)
    print(f"\n{front_text(len(places), len(results), objectives)}")
    if not len(places):
        return
    kept = np.unique(np.linspace(0, len(places) - 1, _MOST_OF_FRONT).astype(int))
    print_combinations(study, results.iloc[places[kept]], objectives)
    if len(kept) < len(places):
        print(f"{len(kept)} of them, evenly chosen: --json has all.")
    print(chosen_text(study.request.objectives, objectives))


def _value(value) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)
