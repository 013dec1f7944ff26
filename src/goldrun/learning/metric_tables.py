"""Metrics of a model beside its baselines, with intervals, as tables of Markdown."""

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from goldrun.learning.resampling import Interval

_LEAD = "_above"
_BOUNDS = ("_low", "_high")


def metrics_table(metrics: Mapping[str, float], baselines: Sequence[str]) -> str:
    """Return one row a metric, with a column for the model and one for each baseline.

    Args:
        metrics: ``<metric>`` and ``<baseline>.<metric>``, with bounds ``<metric>_low`` and
            ``<metric>_high`` if there is an interval.
        baselines: Names of the baselines.
    """
    rows = [
        {"metric": metric, "model": _with_bounds(metrics, metric)}
        | {_plain(name): _with_bounds(metrics, f"{name}.{metric}") for name in baselines}
        for metric in metrics
        if "." not in metric and not _is_bound(metrics, metric)
    ]
    return markdown_table(pd.DataFrame(rows))


def leads_table(metrics: Mapping[str, float], baselines: Sequence[str]) -> str:
    """Return one row a metric: how far the model is above each baseline; empty without any."""
    rows = [
        {"metric": metric}
        | {_plain(b): _with_bounds(metrics, f"{b}.{metric}{_LEAD}", signed=True) for b in baselines}
        for metric in metrics
        if any(f"{name}.{metric}{_LEAD}" in metrics for name in baselines)
    ]
    return markdown_table(pd.DataFrame(rows)) if rows else ""


def not_shown(metrics: Mapping[str, float], baselines: Sequence[str]) -> str:
    """List the leads whose interval is not above 0, as ``recency (auc), ...``; may be empty."""
    found = [
        f"{_plain(name)} ({metric})"
        for name in baselines
        for metric in metrics
        if metrics.get(f"{name}.{metric}{_LEAD}_low", math.inf) <= 0
    ]
    return ", ".join(found)


def markdown_table(frame: pd.DataFrame) -> str:
    """Render metrics of models, or another frame, as a table of Markdown for a report."""
    lines = [
        list(map(str, frame.columns)),
        ["---"] * len(frame.columns),
        *([_cell(value) for value in row] for row in frame.itertuples(index=False)),
    ]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _with_bounds(metrics: Mapping[str, float], name: str, *, signed: bool = False) -> str:
    if name not in metrics:
        return ""
    low, high = (metrics.get(f"{name}{bound}") for bound in _BOUNDS)
    value = _number(metrics[name], signed=signed)
    if low is None or high is None:
        return value
    return f"{value} [{_number(low, signed=signed)}, {_number(high, signed=signed)}]"


def _is_bound(metrics: Mapping[str, float], name: str) -> bool:
    return any(name.endswith(bound) and name.removesuffix(bound) in metrics for bound in _BOUNDS)


def _plain(name: str) -> str:
    return name.replace("_", " ")


def _cell(value: object) -> str:
    if isinstance(value, Interval):
        bounds = f"[{_number(value.low)}, {_number(value.high)}]"
        return f"{_number(value.value)} {bounds}"
    if isinstance(value, float):
        return _number(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    # A line break or a bar would end the cell.
    return "" if value is None else " ".join(str(value).split()).replace("|", "\\|")


def _number(value: float, *, signed: bool = False) -> str:
    if not math.isfinite(value):
        return "unknown"
    if float(value).is_integer() and abs(value) > 1:
        return f"{value:,.0f}"
    return f"{value:+.3f}" if signed else f"{value:.3f}"
