import io
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from sklearn.calibration import calibration_curve
from sklearn.metrics import roc_auc_score

from goldrun.errors import AsOfError
from goldrun.features.catalog import purchase_features, refund_features
from goldrun.learning.churn.plots import calibration, lift, roc_and_pr
from goldrun.learning.segmentation.clustering import SegmentationFit, build_segmenter
from goldrun.learning.segmentation.names import RFM, profile
from goldrun.learning.segmentation.plots import choice_of_k, segment_profile
from goldrun.learning.segmentation.settings import SegmentationSettings

Array = np.ndarray[Any, Any]


def headline(figure: Figure) -> str:
    return str(figure.get_suptitle())


def line(figure: Figure, panel: int, label: str) -> tuple[Array, Array]:
    """Points of the line whose legend entry begins with ``label``."""
    for drawn in figure.axes[panel].get_lines():
        if str(drawn.get_label()).startswith(label):
            return np.asarray(drawn.get_xdata()), np.asarray(drawn.get_ydata())
    raise AssertionError(f"no line {label!r}")


def churners(rows: int = 2000) -> tuple[Array, Array, Array]:
    random = np.random.default_rng(0)
    chance = random.beta(2, 3, rows)
    return (random.random(rows) < chance).astype(int), chance, random.random(rows)


@pytest.fixture
def fit() -> SegmentationFit:
    settings = SegmentationSettings(k_max=5)
    return SegmentationFit(
        model=build_segmenter(settings, 4),
        k=4,
        qualified=True,
        stability={3: 0.95, 4: 0.85, 5: 0.6},
        smallest_share={3: 0.2, 4: 0.1, 5: 0.02},
        silhouette={3: 0.4, 4: 0.35, 5: -0.05},
        names={0: "Champions", 1: "Lost"},
        settings=settings,
    )


def test_the_drawn_roc_curve_encloses_the_auc() -> None:
    labels, chance, noise = churners()
    figure = roc_and_pr(labels, {"model": chance, "noise": noise})
    for name, score in (("model", chance), ("noise", noise)):
        x, y = line(figure, 0, name)
        assert np.trapezoid(y, x) == pytest.approx(roc_auc_score(labels, score))


def test_the_headline_names_the_beaten_rule_and_the_difference() -> None:
    labels, chance, noise = churners()
    auc, other = roc_auc_score(labels, chance), roc_auc_score(labels, noise)
    figure = roc_and_pr(labels, {"model": chance, "noise": noise})
    assert headline(figure) == f"Model ranks better than noise: AUC {auc:.3f} against {other:.3f}"


def test_the_headline_names_a_rule_that_is_better() -> None:
    labels, chance, noise = churners()
    figure = roc_and_pr(labels, {"model": noise, "recency": chance})
    assert headline(figure).startswith("Model does not rank better than recency")


def test_a_single_score_has_no_comparison() -> None:
    labels, chance, _ = churners()
    assert headline(roc_and_pr(labels, {"model": chance})).startswith("AUC of the model")


def test_tied_scores_are_drawn_as_one_step_of_precision() -> None:
    figure = roc_and_pr([1, 1, 0, 1, 0, 0], {"model": [2, 2, 2, 1, 1, 1]})
    recall, precision = line(figure, 1, "model")
    assert recall.tolist() == pytest.approx([1, 2 / 3, 0])
    assert precision.tolist() == pytest.approx([1 / 2, 2 / 3, 2 / 3])
    # each precision holds from its recall down to the next smaller one
    assert figure.axes[1].get_lines()[0].get_drawstyle() == "steps-post"


def test_reliability_points_are_those_of_scikit_learn() -> None:
    labels, chance, _ = churners()
    actual, predicted = calibration_curve(labels, chance, n_bins=10, strategy="quantile")
    x, y = line(calibration(labels, chance), 0, "groups")
    assert x == pytest.approx(predicted)
    assert y == pytest.approx(actual)


def test_calibration_draws_a_constant_probability_as_one_group() -> None:
    x, y = line(calibration([0, 1, 1, 1], [0.6] * 4), 0, "groups")
    assert (x.tolist(), y.tolist()) == ([pytest.approx(0.6)], [0.75])


def test_the_headline_of_calibration_compares_the_means() -> None:
    figure = calibration([0, 1, 1, 1], [0.6] * 4)
    assert headline(figure) == "Predicted 60.0% churn on average, 75.0% churned (Brier 0.210)"


def test_the_lift_of_all_rows_is_one_and_the_gain_is_one() -> None:
    labels, chance, noise = churners()
    figure = lift(labels, {"model": chance, "noise": noise})
    assert line(figure, 0, "model")[1][-1] == pytest.approx(1)
    assert line(figure, 1, "model")[1][-1] == pytest.approx(1)


def test_the_headline_of_lift_counts_the_top_tenth() -> None:
    labels = np.repeat([1, 0], [25, 75])
    assert headline(lift(labels, {"model": labels})) == (
        "The top 10% by model hold 40.0% of the churners: 4.00 times as many as at random"
    )


@pytest.mark.parametrize("draw", [roc_and_pr, lift])
def test_empty_data_is_refused(draw: Any) -> None:
    with pytest.raises(ValueError, match="no scores"):
        draw([0, 1], {})


def test_labels_of_one_class_are_not_drawn() -> None:
    with pytest.raises(AsOfError):
        calibration([1, 1], [0.5, 0.6])


def test_the_headline_of_a_profile_names_the_segment_with_the_largest_share() -> None:
    frame = pd.DataFrame([(5, 9, 90), (50, 2, 5), (90, 1, 5)], columns=list(RFM))
    figure = segment_profile(profile({0: "Champions", 1: "Lost"}, [0, 1, 1], frame), RFM, "GBP")
    assert headline(figure) == "Champions: 33% of the customers, 90% of the net spend"
    widths = [bar.get_width() for bar in figure.axes[0].patches]  # type: ignore[attr-defined]
    assert widths == pytest.approx([1 / 3, 2 / 3, 0.9, 0.1])
    assert [t.get_text() for t in figure.axes[1].texts] == ["5", "9", "90", "70", "2", "5"]


@pytest.mark.parametrize("currency", ["GBP", "currency units"])
@pytest.mark.parametrize(
    ("money", "label"),
    [
        (refund_features.NET_SPEND, "Net spend,\n{}"),
        (purchase_features.TOTAL_SPEND, "Total spend,\n{}"),
    ],
)
def test_the_money_of_a_profile_has_its_currency(money: str, label: str, currency: str) -> None:
    rfm = (RFM[0], RFM[1], money)
    frame = pd.DataFrame([(5, 9, 90), (50, 2, 5)], columns=list(rfm))
    described = profile({0: "Champions", 1: "Lost"}, [0, 1], frame, rfm)
    axes = segment_profile(described, rfm, currency).axes[1]
    assert [each.get_text() for each in axes.get_xticklabels()][2] == label.format(currency)


def test_a_net_loss_is_drawn_as_the_worst() -> None:
    frame = pd.DataFrame([(5, 9, 90), (50, 2, -40)], columns=list(RFM))
    axes = segment_profile(profile({0: "Champions", 1: "Lost"}, [0, 1], frame), RFM, "EUR").axes[1]
    assert [t.get_text() for t in axes.texts][3:] == ["50", "2", "-40"]
    assert np.asarray(axes.images[0].get_array())[:, 2].tolist() == [1, 0]


def test_a_segment_without_customers_is_drawn_as_unknown() -> None:
    frame = pd.DataFrame([(5, 9, 90)], columns=list(RFM))
    figure = segment_profile(profile({0: "Champions", 1: "Lost"}, [0], frame), RFM, "GBP")
    assert [t.get_text() for t in figure.axes[1].texts][3:] == ["none"] * 3


def test_the_choice_shows_both_thresholds_and_rings_the_chosen_number(
    fit: SegmentationFit,
) -> None:
    figure = choice_of_k(fit)
    assert line(figure, 0, "least")[1].tolist() == [0.8, 0.8]
    assert line(figure, 1, "least")[1].tolist() == [0.03, 0.03]
    ringed = [np.asarray(axes.collections[0].get_offsets())[0] for axes in figure.axes]
    assert [point.tolist() for point in ringed] == [[4, 0.85], [4, 0.1], [4, 0.35]]
    assert headline(figure).startswith("4 segments: the most that are stable (0.85")


def test_the_headline_of_the_choice_reports_that_no_number_qualifies(fit: SegmentationFit) -> None:
    figure = choice_of_k(replace(fit, k=3, qualified=False))
    assert "3 is the most stable (0.95)" in headline(figure)
    assert headline(figure).startswith("No number of segments")


def test_all_points_of_a_negative_silhouette_are_inside_the_panel(fit: SegmentationFit) -> None:
    assert choice_of_k(fit).axes[2].get_ylim()[0] <= -0.05


def test_all_text_is_within_the_figure(fit: SegmentationFit) -> None:
    labels, chance, noise = churners()
    frame = pd.DataFrame([(5, 9, 90), (50, 2, 5)], columns=list(RFM))
    table = profile({0: "Champions", 1: "Can't lose them"}, [0, 1], frame)
    scores = {"model": chance, "recency": noise}
    figures = [
        roc_and_pr(labels, scores),
        calibration(labels, chance),
        lift(labels, scores),
        segment_profile(table, RFM, "currency units"),
        choice_of_k(fit),
        choice_of_k(replace(fit, qualified=False)),
    ]
    for figure in figures:
        figure.savefig(io.BytesIO(), format="png")
        page, drawn = figure.bbox, figure.get_tightbbox().transformed(figure.dpi_scale_trans)
        assert page.x0 <= drawn.x0
        assert drawn.x1 <= page.x1
        assert page.y0 <= drawn.y0
        assert drawn.y1 <= page.y1
