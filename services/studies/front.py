"""The front of a study by several objectives, and what it says in plain words."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from services.optimise.front import front_places
from services.optimise.objective import Objective, ranking
from services.studies.holdout import Unseen
from services.wording import listing_text

_ALL = {2: "both", 3: "all three"}


def front_order(results: pd.DataFrame, objectives: Sequence[Objective]) -> np.ndarray:
    """Return the places of the rows on the front, the best in the first objective first."""
    ranked = ranking(results, objectives)
    return ranked[np.isin(ranked, front_places(results, objectives))]


def front_text(count: int, tried: int, objectives: Sequence[Objective]) -> str:
    """Say what it means that so many of the combinations that were tried are on the front."""
    labels = [objective.spec.label for objective in objectives]
    enough = "with trades enough" if objectives[0].minimum_trades else ""
    if not count:
        values = f"a value of {listing_text(labels)}{enough and f', {enough}'}"
        return f"There is no front: no combination has {values}."
    if count == 1:
        # What lacks one of the values is not compared, and may well be better in another.
        others = f"that has {_ALL[len(labels)]}{enough and f', {enough},'}"
        better = f"none {others} is better in {' or '.join(labels)}"
        return f"One of {tried:,} is on the front: {better}."
    beaten = f"beaten{enough and f' by one {enough}'} in"
    several = f"{count:,} of {tried:,} are on the front: none of these is {beaten}"
    if len(labels) == 2:
        return f"{several} {labels[0]} without losing in {labels[1]}, or the other way round."
    return f"{several} one of {listing_text(labels)} without losing in another."


def chosen_text(objectives: Sequence[Objective], shown: Sequence[Objective] = ()) -> str:
    """Say which combination of a study is judged; `shown` is the front, where not of these."""
    label = objectives[0].spec.label
    which = "the first objective" if len(objectives) > 1 else "the objective"
    if shown and tuple(shown) != tuple(objectives):
        return (
            f"What is judged is the combination with the best {label}, {which} of the study. To "
            "take one from this front is a choice, too: every combination that was tried counts "
            "as a trial."
        )
    return (
        f"The best, and all that is tested of it, is the one with the best {label}, {which}. To "
        "take another one from the front is a choice, too: every combination that was tried "
        "counts as a trial."
    )


def unseen_front_text(results: pd.DataFrame, found: Unseen, objectives: Sequence[Objective]) -> str:
    """Say how many of the front are still beaten by none on the bars that were kept unseen.

    It follows the sentence that names the front, not all of which may have been tried there.
    """
    on_front = front_places(results, objectives)
    if not len(on_front):
        return ""
    front = np.isin(found.places, on_front)
    # The least number of trades is meant for the many bars that were searched, not for these few.
    anyhow = [replace(objective, minimum_trades=0) for objective in objectives]
    later = np.isin(np.arange(len(front)), front_places(found.frame, anyhow))
    kept = _kept_text(len(on_front), int(front.sum()), int((front & later).sum()))
    if not front.any():
        return f"On the bars kept unseen {kept}."
    tried = f"{len(front):,} that {'was' if len(front) == 1 else 'were'} tried there"
    return f"On the bars kept unseen {kept} on the front of the {tried}."


def _kept_text(count: int, tried: int, still: int) -> str:
    """Say how many of a front were tried elsewhere, where not all were, and are still on it."""
    if count == 1:
        return "it was not tried" if not tried else "it is" if still else "it is not"
    if not tried:
        return "none of them was tried"
    kept, are = (f"{still:,}" if still else "none"), ("are" if still > 1 else "is")
    if tried == count:
        return f"{kept} of these {count:,} {are}"
    return f"{tried:,} of them {'was' if tried == 1 else 'were'} tried; {kept} {are}"
