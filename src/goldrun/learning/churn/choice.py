"""The choice of a churn candidate, at dates before the test.

Each candidate is trained as the model will be, on origins whose label windows end by a validation
date, and measured at that date. The test date takes no part, so its figures stay those of rows
that decided nothing.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import numpy as np
import pandas as pd

from goldrun.contracts import gold
from goldrun.errors import AsOfError, listed
from goldrun.features.labels import CHURNED
from goldrun.learning.calibration import log_odds
from goldrun.learning.choice import Choice, Trial
from goldrun.learning.churn.choice_plot import candidates_figure
from goldrun.learning.churn.classifier import churn_probability, fit_churn
from goldrun.learning.churn.estimators import ESTIMATORS
from goldrun.learning.churn.settings import ChurnSettings
from goldrun.learning.churn.slope import Dated, slope_that_helps
from goldrun.learning.evaluation import BinaryScores, score_binary
from goldrun.learning.report import Report
from goldrun.learning.selection import Selection, select

_APART = {"week": 2, "month": 1}
"""Training origins from one validation date to the next."""
_SHORTEST = {"week": 7, "month": 28}
"""Days from one training origin to the next."""
_FEWEST = 0.25
"""Smallest share of the model's training origins that a validation date must have: scores of a
candidate with few origins do not represent those of one that is trained on all of them."""
_NO_DATE = "the history before the test date is too short to compare candidates"

Scores = Mapping[date, BinaryScores]
Split = tuple["pd.Series[bool]", "pd.Series[bool]"]
"""Which rows a candidate is trained on at a validation date, and which it is measured on."""


@dataclass(frozen=True)
class Measured:
    """A candidate's scores and predictions by validation date, or why it has none."""

    settings: ChurnSettings
    scores: Scores
    predictions: Mapping[date, Dated]
    problem: str = ""


def earlier_origins(settings: ChurnSettings) -> int:
    """Return how many origins before the training origins the choice reads at most.

    The earliest validation date is trained on as many origins as the model, all of which lie the
    horizon before it.
    """
    if len(settings.each()) == 1:
        return 0
    every = settings.origins_every
    validated = (settings.choice_origins - 1) * _APART[every]
    return validated + math.ceil(settings.horizon_days / _SHORTEST[every])


def validation_dates(
    origins: Sequence[date], settings: ChurnSettings
) -> dict[date, tuple[date, ...]]:
    """Return the training origins of each validation date, the latest date first.

    Args:
        origins: All origins before the test, ascending.
        settings: Horizon, and the number of origins and of validation dates.
    """
    found = {}
    dates = origins[:: -_APART[settings.origins_every]]
    for day in dates[: settings.choice_origins]:
        last = day - timedelta(days=settings.horizon_days)
        known = [origin for origin in origins if origin <= last]
        if len(known) >= _FEWEST * min(settings.max_origins, len(origins)):
            found[day] = tuple(known[-settings.max_origins :])
    return found


def choose_candidate(settings: ChurnSettings, rows: pd.DataFrame) -> Choice[ChurnSettings]:
    """Choose the candidate with the lowest regret of AUC, or a simpler one as good; see ``select``.

    A candidate that can't be trained for the latest validation date, such as one with a feature
    that was not known then, is left out. Only dates at which all others can be trained count.
    Where no candidate is left, the first one is used.

    Args:
        settings: The settings.
        rows: Rows of ``gold/customer_features`` with labels, as of all origins before the test.
    """
    each = settings.each()
    if len(each) == 1:
        return Choice(next(iter(each.values())))
    dates = validation_dates(sorted(set(rows[gold.AS_OF])), settings)
    splits = {
        day: (rows[gold.AS_OF].isin(past), rows[gold.AS_OF] == day) for day, past in dates.items()
    }
    measured = {name: _measure(one, rows, splits) for name, one in each.items()}
    usable = {name: found.scores for name, found in measured.items() if not found.problem}
    common = sorted(day for day in dates if all(day in scores for scores in usable.values()))
    if not usable:
        return _first(measured)
    selection = select([[scores[day].auc for day in common] for scores in usable.values()])
    return _chosen(measured, usable, common, selection)


def _measure(settings: ChurnSettings, rows: pd.DataFrame, dates: Mapping[date, Split]) -> Measured:
    """Score a candidate at each validation date, the latest first."""
    if not dates:
        return Measured(settings, {}, {}, _NO_DATE)
    scores, predictions = {}, {}
    for day, (past, at_day) in dates.items():
        try:
            scores[day], predictions[day] = _score_at(settings, rows[past], rows[at_day])
        except AsOfError as error:
            # Earlier dates have less history, so only the latest one excludes a candidate.
            if not scores:
                return Measured(settings, {}, {}, str(error))
    return Measured(settings, scores, predictions)


def _score_at(
    settings: ChurnSettings, known: pd.DataFrame, later: pd.DataFrame
) -> tuple[BinaryScores, Dated]:
    model = fit_churn(settings, known, known[CHURNED])
    probability = churn_probability(model, later, settings.features)
    scores = score_binary(later[CHURNED], probability, probabilities=True)
    return scores, Dated(log_odds(probability), later[CHURNED].to_numpy(dtype=np.float64))


def _first(measured: Mapping[str, Measured]) -> Choice[ChurnSettings]:
    """Use the simplest candidate, because nothing can be compared."""
    name, first = next(iter(measured.items()))
    reason = f"candidate {name} is used, the first of {len(measured)}: {first.problem}"
    trials = [Trial(n, _parameters(m), {}, m.problem) for n, m in measured.items()]
    return Choice(first.settings, name, reason, tuple(trials))


def _chosen(
    measured: Mapping[str, Measured],
    usable: Mapping[str, Scores],
    dates: Sequence[date],
    selection: Selection,
) -> Choice[ChurnSettings]:
    names = list(usable)
    chosen = names[selection.chosen]
    auc = pd.DataFrame(
        {name: [scores[day].auc for day in dates] for name, scores in usable.items()},
        index=list(dates),
    )
    trials = []
    for name, found in measured.items():
        metrics, note = {}, found.problem
        if name in usable:
            metrics = _metrics(found.scores, dates, selection, names.index(name))
            note = "chosen" if name == chosen else "not chosen"
        trials.append(Trial(name, _parameters(found), metrics, note))
    return Choice(
        settings=_with_slope(measured[chosen], dates),
        name=chosen,
        reason=_reason(chosen, names, dates, selection),
        trials=tuple(trials),
        report=Report(
            figures={"candidates": candidates_figure(auc, selection)},
            tables={"candidates": _table(auc, selection)},
        ),
    )


def _with_slope(chosen: Measured, dates: Sequence[date]) -> ChurnSettings:
    """Set the slope that helps on the dates of the choice, for a model that can have one."""
    if not ESTIMATORS[chosen.settings.estimator].is_linear:
        return chosen.settings
    slope = slope_that_helps([chosen.predictions[day] for day in dates])
    return chosen.settings.model_copy(update={"slope": round(slope, 3)})


def _reason(chosen: str, names: Sequence[str], dates: Sequence[date], selection: Selection) -> str:
    best = names[selection.best]
    why = "lowest regret of AUC"
    if best != chosen:
        why = f"simplest within one standard error of {best}, which has the lowest regret of AUC"
    regret = selection.regret[selection.chosen]
    return (
        f"candidate {chosen} of {len(names)} is chosen: {why} ({regret:.4f}) as of "
        f"{listed(dates, len(dates))}"
    )


def _metrics(
    scores: Scores, dates: Sequence[date], selection: Selection, place: int
) -> dict[str, float]:
    """Return means over the dates, regret, and the AUC by date."""
    found = [scores[day] for day in dates]
    return {
        "auc": float(np.mean([one.auc for one in found])),
        "average_precision": float(np.mean([one.average_precision for one in found])),
        "brier": float(np.mean([one.brier for one in found if one.brier is not None])),
        "regret": float(selection.regret[place]),
        "behind_best": float(selection.behind[place]),
        "behind_best_standard_error": float(selection.standard_error[place]),
        **{f"auc.{day}": scores[day].auc for day in dates},
    }


def _parameters(found: Measured) -> dict[str, object]:
    return {
        "estimator": found.settings.estimator,
        "features": ", ".join(found.settings.features),
        **{f"parameters.{name}": value for name, value in found.settings.parameters.items()},
    }


def _table(auc: pd.DataFrame, selection: Selection) -> pd.DataFrame:
    """Return one row a candidate: AUC by date, regret, how far behind the best, whether chosen."""
    table = auc.T.rename_axis("candidate").rename(columns=str).reset_index()
    return table.assign(
        regret=selection.regret,
        behind_best=selection.behind,
        standard_error=selection.standard_error,
        chosen=np.arange(len(table)) == selection.chosen,
    )
