"""Plots of drift: the distribution of each feature at training and now, and all PSI values."""

import math
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import PercentFormatter, StrMethodFormatter

from goldrun.contracts.source import NO_CURRENCY
from goldrun.contracts.verdict import Verdict
from goldrun.monitoring.baseline import Baseline, FeatureBaseline
from goldrun.monitoring.drift import MAJOR_PSI, DriftConfig, DriftReport, FeatureDrift

_THEN, _NOW = "#9db4c8", "#1f5a8a"
_THEN_GREY, _NOW_GREY = "#dcdcdc", "#a0a0a0"
_COLOURS = {Verdict.PASS: "#3a7d44", Verdict.FAIL: "#b3261e", Verdict.UNKNOWN: "#b7791f"}
_WORDS = {Verdict.PASS: "steady", Verdict.FAIL: "shifted", Verdict.UNKNOWN: "unknown"}
_NOT_EVALUATED = "#8a8a8a"
_ACROSS = 3
_ABOVE, _TITLES, _AXES, _LEGEND = 0.4, 0.55, 1.65, 0.4
"""Heights in inches: of the headline, the titles and the axes of a chart, and the legend."""
_UNIT, _LETTER = 0.45, 0.05
"""Heights in inches below the axes: of the unit, and of each letter of a label that is turned."""


def distributions(
    baseline: Baseline,
    current_counts: Mapping[str, Sequence[int]],
    report: DriftReport,
    currency: str = NO_CURRENCY,
) -> Figure:
    """Plot the share of rows in each bin of each feature, at training and now.

    Args:
        baseline: Baseline of the training rows.
        current_counts: Result of ``bin_counts`` of current rows.
        report: Result of ``compare``; its order is that of the charts.
        currency: Unit of money.

    Returns:
        One small chart a feature. Bins are named by their upper edge; bins without a row on either
        side are omitted. Features that are not evaluated are grey.
    """
    labels = [label for one in baseline.features for label in bin_labels(one.bins.edges)]
    figure, cells = _grid(len(report.features), max(map(len, labels), default=0))
    figure.suptitle(_finding(report), fontsize=14, fontweight="bold", y=_from_top(figure, 0.12))
    for axes in cells[len(report.features) :]:
        axes.set_axis_off()
    for axes, drift in zip(cells, report.features, strict=False):
        unit = drift.unit.replace("currency", currency)
        _distribution(axes, drift, baseline.feature(drift.feature), current_counts, unit)
    for axes in cells[::_ACROSS]:
        axes.set_ylabel("share of rows", fontsize=9)
    handles = [Patch(color=_THEN, label="at training"), Patch(color=_NOW, label="now")]
    if any(not one.evaluated for one in report.features):
        handles.append(Patch(color=_NOW_GREY, label="grey: shown, not evaluated"))
    figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False)
    return figure


def _grid(charts: int, letters: int) -> tuple[Figure, list[Axes]]:
    """Return a figure with so many charts, and axes that fill its rows.

    Its sizes are fixed, because a layout that is computed takes longer than the charts.

    Args:
        charts: Number of charts.
        letters: Length of the longest label of a bin.
    """
    down = max(1, math.ceil(charts / _ACROSS))
    below = _UNIT + _LETTER * letters
    row = _TITLES + _AXES + below
    figure = Figure(figsize=(13, _ABOVE + row * down + _LEGEND))
    bottom = (below + _LEGEND) / figure.get_figheight()
    top = _from_top(figure, _ABOVE + _TITLES)
    figure.subplots_adjust(0.06, bottom, 0.99, top, wspace=0.2, hspace=row / _AXES - 1)
    return figure, list(figure.subplots(down, _ACROSS, squeeze=False).flat)


def _from_top(figure: Figure, inches: float) -> float:
    return float(1 - inches / figure.get_figheight())


def psi_overview(report: DriftReport, config: DriftConfig) -> Figure:
    """Plot the PSI of each feature as a bar, largest on top, with limit and noise threshold.

    Args:
        report: Result of ``compare``.
        config: Thresholds of the report.

    Returns:
        One chart. Its axis is linear, or logarithmic beyond the limit if a PSI exceeds 1.
    """
    ordered = sorted(report.features, key=lambda one: (one.psi is not None, one.psi or 0.0))
    figure = Figure(figsize=(10, 2.2 + 0.36 * len(ordered)))
    figure.set_layout_engine("constrained", w_pad=0.1)
    axes = figure.subplots()
    figure.suptitle(_finding(report), fontsize=14, fontweight="bold")
    axes.barh(
        range(len(ordered)), [one.psi or 0.0 for one in ordered], color=[*map(_colour, ordered)]
    )
    for row, one in enumerate(ordered):
        if one.psi_noise:
            axes.plot([one.psi_noise] * 2, [row - 0.4, row + 0.4], color="black", linewidth=1.5)
        _value_label(axes, row, one)
    axes.set_yticks(range(len(ordered)), [one.feature for one in ordered])
    axes.axvline(config.max_psi, color="black", linestyle="--", linewidth=1)
    if config.max_psi < MAJOR_PSI:
        axes.axvline(MAJOR_PSI, color="black", linestyle=":", linewidth=1)
    _scale(axes, ordered, config)
    axes.set_xlabel("population stability index (no unit)")
    axes.spines[["top", "right"]].set_visible(False)
    handles = _legend(ordered, config)
    figure.legend(handles=handles, loc="outside lower center", ncols=4, frameon=False, fontsize=9)
    return figure


def _finding(report: DriftReport) -> str:
    evaluated = [one for one in report.features if one.evaluated]
    shifted = sum(one.verdict is Verdict.FAIL for one in evaluated)
    unknown = sum(one.verdict is Verdict.UNKNOWN for one in evaluated)
    known = len(evaluated) - unknown
    if known == 0:
        return "Drift is unknown: no feature could be evaluated"
    words = f"{shifted or 'None'} of {known} evaluated feature{'s' * (known > 1)} shifted"
    return f"{words} since training" + (f"; {unknown} unknown" if unknown else "")


def _verdict_words(drift: FeatureDrift) -> str:
    words = _WORDS[drift.verdict] if drift.evaluated else "not evaluated"
    return words if drift.psi is None else f"{words}, PSI {drift.psi:.3f}"


def _colour(drift: FeatureDrift) -> str:
    return _COLOURS[drift.verdict] if drift.evaluated else _NOT_EVALUATED


def _distribution(
    axes: Axes,
    drift: FeatureDrift,
    reference: FeatureBaseline | None,
    current_counts: Mapping[str, Sequence[int]],
    unit: str,
) -> None:
    title = f"{drift.feature}\n{_verdict_words(drift)}"
    axes.set_title(title, loc="left", fontsize=10, color=_colour(drift), fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)
    if reference is None or drift.psi is None:
        axes.set(xticks=[], yticks=[])
        axes.text(0.5, 0.5, drift.note, ha="center", va="center", wrap=True, fontsize=9)
        return
    _bars(axes, reference, current_counts[drift.feature], evaluated=drift.evaluated)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1, decimals=0))
    axes.tick_params(axis="y", labelsize=8)
    axes.set_xlabel(unit or "value", fontsize=9)


def _bars(
    axes: Axes, reference: FeatureBaseline, current: Sequence[int], *, evaluated: bool
) -> None:
    then, now = np.array(reference.counts), np.array(current)
    shown = (then > 0) | (now > 0)
    labels = np.array(bin_labels(reference.bins.edges))[shown]
    position = np.arange(len(labels))
    colours = (_THEN, _NOW) if evaluated else (_THEN_GREY, _NOW_GREY)
    axes.bar(position - 0.2, (then / then.sum())[shown], 0.4, color=colours[0])
    axes.bar(position + 0.2, (now / now.sum())[shown], 0.4, color=colours[1])
    axes.set_xticks(position, labels, fontsize=8, rotation=0 if sum(map(len, labels)) < 30 else 45)


def bin_labels(edges: Sequence[float]) -> list[str]:
    """Label each bin of ``Bins`` by its upper edge, rounded as far as neighbours stay distinct.

    Args:
        edges: Inner edges in the feature's unit, strictly increasing.

    Returns:
        One label a bin: ``≤ 5``, ..., ``> 90``, ``null``. An edge just below the smallest value v
        gives ``< v`` and ``= v``.
    """
    if not edges:
        return ["any", "null"]
    apart = len(edges) > 1 and math.nextafter(edges[0], math.inf) == edges[1]
    values = list(edges[1:] if apart else edges)
    names = [_rounded(values, k) for k in range(len(values))]
    first = [f"< {names[0]}", f"= {names[0]}"] if apart else [f"≤ {names[0]}"]
    return [*first, *(f"≤ {name}" for name in names[1:]), f"> {names[-1]}", "null"]


def _rounded(values: list[float], k: int) -> str:
    gaps = [high - low for low, high in pairwise(values[max(k - 1, 0) : k + 2])]
    slack = 0.05 * min(gaps, default=abs(values[k]))
    for digits in range(5):
        if abs(round(values[k], digits) - values[k]) <= slack:
            return f"{values[k]:,.{digits}f}"
    return f"{values[k]:.4g}"


def _value_label(axes: Axes, row: int, drift: FeatureDrift) -> None:
    text = _verdict_words(drift) if drift.psi is None else f"{drift.psi:.3f}"
    # Right of the noise mark as well, so that label and mark never overlap.
    end = max(drift.psi or 0.0, drift.psi_noise or 0.0)
    label = axes.annotate(text, (end, row), (5, 0), textcoords="offset points", va="center")
    label.set(fontsize=9, bbox={"facecolor": "white", "edgecolor": "none", "pad": 1})


def _scale(axes: Axes, drifts: Sequence[FeatureDrift], config: DriftConfig) -> None:
    largest = max((max(one.psi or 0.0, one.psi_noise or 0.0) for one in drifts), default=0.0)
    reach = max(largest, config.max_psi, MAJOR_PSI)
    if reach > 1:
        axes.set_xscale("symlog", linthresh=config.max_psi)
        axes.set_xlim(0, reach * 2)
        axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    else:
        axes.set_xlim(0, reach * 1.12)


def _legend(drifts: Sequence[FeatureDrift], config: DriftConfig) -> list[Patch | Line2D]:
    evaluated = {one.verdict for one in drifts if one.evaluated}
    handles: list[Patch | Line2D] = [
        Patch(color=_COLOURS[verdict], label=_WORDS[verdict])
        for verdict in Verdict
        if verdict in evaluated
    ]
    if any(not one.evaluated for one in drifts):
        handles.append(Patch(color=_NOT_EVALUATED, label="not evaluated"))
    return [*handles, *_threshold_handles(config)]


def _threshold_handles(config: DriftConfig) -> list[Line2D]:
    lines = [Line2D([], [], color="black", linestyle="--", label=f"limit, {config.max_psi:g}")]
    if config.max_psi < MAJOR_PSI:
        label = f"major shift, {MAJOR_PSI:g}"
        lines.append(Line2D([], [], color="black", linestyle=":", label=label))
    label = f"chance alone, p = {config.noise_p:g}"
    mark = Line2D([], [], color="black", linestyle="", marker="|", markersize=10, label=label)
    return [*lines, mark]
