"""Figures of the segments, and of the choice of their number."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from goldrun.contracts import gold
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.learning.plot_style import BLUE, GREEN, GREY, ORANGE, new_figure, percent, tidy
from goldrun.learning.segmentation.clustering import SegmentationFit
from goldrun.learning.segmentation.names import CUSTOMERS, SHARE, SPEND_SHARE, median_of
from goldrun.learning.signed_log import signed_log

_LABELS = {
    purchase_features.RECENCY_DAYS: "Days since\nlast purchase",
    purchase_features.PURCHASE_FREQUENCY: "Orders",
    purchase_features.TOTAL_SPEND: "Total spend,\n{currency}",
    refund_features.NET_SPEND: "Net spend,\n{currency}",
}
_SPENDS = {
    purchase_features.TOTAL_SPEND: "spend",
    refund_features.NET_SPEND: "net spend",
}


def segment_profile(profile: pd.DataFrame, rfm: tuple[str, str, str], currency: str) -> Figure:
    """Draw each segment's share of customers and spend, and its median customer.

    Args:
        profile: The frame returned by ``names.profile``.
        rfm: The features that it summarises.
        currency: Unit of money.

    Returns:
        Left, bars of the share of customers and of spend; right, medians of recency, frequency
        and spend, coloured from worst to best segment on a logarithmic scale.

    Raises:
        ValueError: There are no segments.
    """
    if profile.empty:
        raise ValueError("there are no segments to draw")
    top = profile.sort_values([SPEND_SHARE, gold.SEGMENT], ascending=[False, True]).iloc[0]
    figure = new_figure(
        11.5,
        1.8 + 0.55 * len(profile),
        f"{top[gold.SEGMENT_NAME]}: {top[SHARE]:.0%} of the customers, "
        f"{top[SPEND_SHARE]:.0%} of the {_SPENDS[rfm[2]]}",
    )
    bars, heat = figure.subplots(1, 2, width_ratios=(1.25, 1))
    _share_bars(bars, profile, _SPENDS[rfm[2]])
    _median_heat(heat, profile, rfm, currency)
    return figure


def _share_bars(axes: Axes, profile: pd.DataFrame, spend: str) -> None:
    rows = np.arange(len(profile))
    pairs = ((SHARE, "of customers", BLUE, -0.19), (SPEND_SHARE, f"of {spend}", ORANGE, 0.19))
    for column, label, colour, shift in pairs:
        drawn = axes.barh(rows + shift, profile[column].fillna(0), 0.36, color=colour, label=label)
        axes.bar_label(drawn, [_share(v) for v in profile[column]], padding=3, fontsize=9)
    names = zip(profile[gold.SEGMENT_NAME], profile[CUSTOMERS], strict=True)
    tidy(axes, "Size and weight", "Share of the whole", "")
    axes.set_yticks(rows, [f"{name} ({customers:,})" for name, customers in names])
    axes.invert_yaxis()
    axes.grid(visible=False, axis="y")
    axes.margins(x=0.12)
    axes.legend(loc="lower right", frameon=False)
    percent(axes, x=True)


def _share(value: float) -> str:
    return "unknown" if np.isnan(value) else f"{value:.1%}"


def _median_heat(
    axes: Axes, profile: pd.DataFrame, rfm: tuple[str, str, str], currency: str
) -> None:
    values = profile[[median_of(feature) for feature in rfm]].to_numpy(dtype=np.float64)
    goodness = signed_log(values) * (-1, 1, 1)
    span = np.nanmax(goodness, axis=0) - np.nanmin(goodness, axis=0)
    scaled = (goodness - np.nanmin(goodness, axis=0)) / np.where(span > 0, span, 1)
    axes.imshow(scaled, cmap="Blues", vmin=-0.1, vmax=1.3, aspect="auto")
    for row, column in np.ndindex(*values.shape):
        text = "none" if np.isnan(values[row, column]) else f"{values[row, column]:,.0f}"
        colour = "white" if scaled[row, column] > 0.75 else "black"
        axes.text(column, row, text, ha="center", va="center", color=colour)
    tidy(axes, "Medians; darker is better", "", "")
    labels = [_LABELS[feature].format(currency=currency) for feature in rfm]
    axes.set_xticks(range(len(rfm)), labels)
    axes.set_yticks(range(len(profile)), profile[gold.SEGMENT_NAME])
    axes.grid(visible=False)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def choice_of_k(fit: SegmentationFit) -> Figure:
    """Draw the numbers by which the number of segments was chosen.

    Args:
        fit: The trained segmentation.

    Returns:
        Three panels by number of segments: stability and smallest segment, each with its smallest
        accepted value, and the silhouette for information. The chosen number is ringed.
    """
    figure = new_figure(12, 4.2, _choice_headline(fit))
    stability, smallest, silhouette = figure.subplots(1, 3)
    settings = fit.settings
    _draw_by_k(stability, fit.stability, fit.k, BLUE, settings.min_stability)
    _draw_by_k(smallest, fit.smallest_share, fit.k, GREEN, settings.min_share)
    _draw_by_k(silhouette, fit.silhouette, fit.k, GREY)
    segments = "Number of segments"
    tidy(stability, "Stability", segments, "Bootstrap adjusted Rand index")
    tidy(smallest, "Smallest segment", segments, "Share of customers")
    tidy(silhouette, "Silhouette (not used to choose)", segments, "Mean silhouette")
    for axes in (stability, smallest, silhouette):
        axes.legend(loc="upper right" if axes is smallest else "lower left", frameon=False)
    stability.set_ylim(top=1.05)
    percent(smallest, y=True)
    return figure


def _draw_by_k(
    axes: Axes, values: Mapping[int, float], chosen: int, colour: str, least: float | None = None
) -> None:
    """Draw values by number of segments, a ring at ``chosen``, and a line at ``least`` if given."""
    axes.plot(list(values), list(values.values()), "o-", color=colour)
    ring: dict[str, Any] = {"s": 190, "facecolors": "none", "edgecolors": ORANGE, "linewidths": 2}
    axes.scatter([chosen], [values[chosen]], zorder=4, label=f"chosen: {chosen}", **ring)
    axes.set_xticks(list(values))
    axes.margins(x=0.1)
    if least is not None:
        axes.axhline(least, color=ORANGE, linestyle="--", linewidth=1.2, label="least accepted")
    axes.set_ylim(min(0, *values.values()), 1.15 * max(0.05, *values.values()))


def _choice_headline(fit: SegmentationFit) -> str:
    stability, share = fit.stability[fit.k], fit.smallest_share[fit.k]
    settings = fit.settings
    if fit.qualified:
        return (
            f"{fit.k} segments: the most that are stable ({stability:.2f}, at least "
            f"{settings.min_stability:.2f}) and large enough ({share:.1%}, at least "
            f"{settings.min_share:.1%})"
        )
    return (
        f"No number of segments is stable ({settings.min_stability:.2f}) and large enough "
        f"({settings.min_share:.1%}); {fit.k} is the most stable ({stability:.2f})"
    )
