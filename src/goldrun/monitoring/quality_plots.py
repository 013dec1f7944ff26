"""Plots of data quality: broken rules, fates of records, missing values."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, PercentFormatter

from goldrun.contracts.table import Severity

ENTITY = "entity"
TABLE = "table"
RULE = "rule"
SEVERITY = "severity"
CHECKED = "checked"
FAILED = "failed"
COLUMN = "column"
NULL_RATE = "null_rate"

_COLOURS = {Severity.REJECT.value: "#b3261e", Severity.WARN.value: "#b7791f"}
_MEANING = {
    Severity.REJECT.value: "reject: to quarantine",
    Severity.WARN.value: "warn: counted, kept",
}
_BAR = "#1f5a8a"
_NONE = "#8a8a8a"
_TOO_WIDE_FOR_LINEAR = 50
"""Ratio of the largest to the smallest bar above which the axis is logarithmic."""


def failures_by_rule(rules: pd.DataFrame) -> Figure:
    """Plot the number of records that break each rule, most first.

    Args:
        rules: One row a rule: ``rule``, ``severity`` (reject or warn), and numbers of records:
            ``checked``, ``passed`` and ``failed``. A rule with ``checked`` 0 or ``failed`` null is
            labelled as not checked. With rules of several entities, ``entity`` prefixes the names.

    Returns:
        One bar a rule, with its count and its share of checked records. Rules that no checked
        record breaks have no bar; their number is below the axis. The axis is logarithmic if the
        counts differ widely.
    """
    rules = _qualified(rules, RULE, ENTITY)
    known = rules[FAILED].notna() & (rules[CHECKED].fillna(0) > 0)
    ordered = (
        rules.assign(**{FAILED: rules[FAILED].where(known).astype(float)})
        .sort_values([FAILED, RULE], ascending=[True, False], na_position="first")
        .reset_index(drop=True)
    )
    title, kept = _rules_finding(ordered), int((ordered[FAILED] == 0).sum())
    ordered = ordered[ordered[FAILED] != 0]
    failed = ordered[FAILED].to_numpy(dtype=float)
    checked = ordered[CHECKED].to_numpy(dtype=float)
    labels = [
        "not checked" if np.isnan(n) else f"{n:,.0f} ({_share(n, of)})"
        for n, of in zip(failed, checked, strict=True)
    ]
    figure, axes = _bars(
        names=ordered[RULE].tolist(),
        values=np.nan_to_num(failed),
        labels=labels,
        colours=[_COLOURS.get(severity, _NONE) for severity in ordered[SEVERITY]],
        title=title,
    )
    axes.set_xlabel("records that break the rule")
    _scale_counts(axes, failed)
    if kept:
        others = f"{kept} other rule{'s' * (kept > 1)}"
        axes.set_xlabel(f"{axes.get_xlabel()}; no record breaks {others}")
    present = [severity for severity in _COLOURS if severity in set(ordered[SEVERITY])]
    handles = [Patch(color=_COLOURS[one], label=_MEANING[one]) for one in present]
    if handles:
        figure.legend(handles=handles, loc="outside lower center", ncols=2, frameon=False)
    return figure


def fates(counts: Mapping[str, int]) -> Figure:
    """Plot the number of records by fate.

    Args:
        counts: Records by fate; each record has one.

    Returns:
        One bar a fate, in the order of ``counts``, with its count and its share of all records.
    """
    total = sum(counts.values())
    title = "There were no records"
    if total:
        largest = max(counts, key=lambda fate: counts[fate])
        title = f"{_share(counts[largest], total)} of {total:,} records were {largest}"
    names = list(counts)[::-1]
    shares = [counts[name] / max(total, 1) for name in names]
    figure, axes = _bars(
        names=names,
        values=shares,
        labels=[
            f"{counts[name]:,} ({_share(counts[name], total)})" if counts[name] else "0"
            for name in names
        ],
        colours=[_BAR] * len(names),
        title=title,
    )
    _share_axis(axes, max(shares, default=0.0), "share of records")
    return figure


def null_rates(columns: pd.DataFrame) -> Figure:
    """Plot the share of missing values of each column that lacks any, most first.

    Args:
        columns: One row a column: ``column`` and ``null_rate``, a share from 0 to 1, null if
            not measured. With columns of several tables, ``table`` prefixes the names.

    Returns:
        One bar a column; complete columns are counted in the title.
    """
    ordered = (
        _qualified(columns, COLUMN, TABLE)
        .sort_values([NULL_RATE, COLUMN], ascending=[True, False], na_position="first")
        .reset_index(drop=True)
    )
    title = _nulls_finding(ordered)
    ordered = ordered[ordered[NULL_RATE] != 0]
    rates = ordered[NULL_RATE].to_numpy(dtype=float)
    labels = ["not measured" if np.isnan(rate) else _share(rate, 1) for rate in rates]
    names, colours = ordered[COLUMN].tolist(), [_BAR] * len(rates)
    figure, axes = _bars(names, np.nan_to_num(rates), labels, colours, title)
    _share_axis(axes, float(np.nan_to_num(rates).max(initial=0)), "share of rows without a value")
    return figure


def _qualified(frame: pd.DataFrame, name: str, owner: str) -> pd.DataFrame:
    """Prefix names with their entity or table if there are several."""
    if owner not in frame or frame[owner].nunique() < 2:
        return frame
    return frame.assign(**{name: frame[owner] + "." + frame[name]})


def _bars(
    names: Sequence[str],
    values: Sequence[float] | npt.NDArray[np.float64],
    labels: Sequence[str],
    colours: Sequence[str],
    title: str,
) -> tuple[Figure, Axes]:
    """Plot horizontal bars from the bottom up, each with a label at its end."""
    figure = Figure(figsize=(10, 1.9 + 0.3 * len(names)))
    figure.set_layout_engine("constrained", w_pad=0.1)
    figure.suptitle(title, fontsize=14, fontweight="bold")
    axes = figure.subplots()
    bars = axes.barh(range(len(names)), values, color=colours)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.7, max(len(names), 1) - 0.3)
    axes.bar_label(bars, labels, padding=4, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes


def _rules_finding(ordered: pd.DataFrame) -> str:
    """Return the title of the chart; the last row is the most broken rule."""
    unknown = int(ordered[FAILED].isna().sum())
    rest = f"; {unknown} of {len(ordered)} rules not checked" if unknown else ""
    if unknown == len(ordered):
        return "No rule was checked"
    worst = ordered.iloc[-1]
    if not worst[FAILED]:
        return f"No record breaks a rule{rest}"
    of = f"{worst[FAILED]:,.0f} of {worst[CHECKED]:,.0f} records"
    return f"Most broken rule: {worst[RULE]}\n{of} ({_share(worst[FAILED], worst[CHECKED])}){rest}"


def _nulls_finding(ordered: pd.DataFrame) -> str:
    rates = ordered[NULL_RATE]
    measured, unknown = int(rates.notna().sum()), int(rates.isna().sum())
    rest = f"; {unknown} not measured" if unknown else ""
    if not measured:
        return "No column was measured for missing values"
    lacking = int((rates > 0).sum())
    if not lacking:
        return f"None of {measured} columns has missing values{rest}"
    most = ordered.iloc[-1]
    found = f"{lacking} of {measured} columns have missing values{rest}"
    return f"{found}\nmost: {most[COLUMN]}, {_share(most[NULL_RATE], 1)}"


def _share(part: float, of: float) -> str:
    """Format a percentage; only exact shares are formatted as 0 % and 100 %."""
    share = part / of if of else 0.0
    if share in (0, 1):
        return f"{share:.0%}".replace("%", " %")
    if 0 < share < 0.001:
        return "< 0.1 %"
    if 0.999 < share < 1:
        return "> 99.9 %"
    return f"{share:.1%}".replace("%", " %")


def _scale_counts(axes: Axes, counts: npt.NDArray[np.float64]) -> None:
    broken = counts[counts > 0]
    largest = float(broken.max(initial=1.0))
    if broken.size and largest / broken.min() > _TOO_WIDE_FOR_LINEAR:
        axes.set_xscale("symlog", linthresh=1)
        axes.set_xlim(0, largest**1.35)
        axes.set_xlabel("records that break the rule (logarithmic)")
    else:
        axes.set_xlim(0, largest * 1.25)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _share_axis(axes: Axes, largest: float, label: str) -> None:
    axes.set_xlim(0, 1.2 * largest or 1.0)
    # The axis may extend beyond 100 % for the labels; ticks there would be meaningless.
    axes.set_xticks([tick for tick in axes.get_xticks() if tick <= 1])
    axes.xaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_xlabel(label)
