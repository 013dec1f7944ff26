import tomllib
from collections.abc import Callable
from dataclasses import FrozenInstanceError
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import skops.io
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sklearn.metrics import adjusted_rand_score

from goldrun.contracts import gold
from goldrun.errors import AsOfError, ContractError
from goldrun.features.catalog import purchase_features, refund_features, window_features
from goldrun.io.tracking.trusted_types import TRUSTED_TYPES
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.model import Frames
from goldrun.learning.publication import LoadedModel
from goldrun.learning.segmentation import clustering
from goldrun.learning.segmentation.clustering import (
    SegmentationFit,
    bootstrap_ari,
    build_segmenter,
    choose_k,
    fit_segments,
)
from goldrun.learning.segmentation.model import MODEL
from goldrun.learning.segmentation.names import (
    CUSTOMERS,
    MOST_SEGMENTS,
    RFM,
    SHARE,
    SPEND_SHARE,
    mean_of,
    median_of,
    name_segments,
    profile,
    rfm_of,
)
from goldrun.learning.segmentation.settings import SegmentationSettings

GROSS = (*RFM[:2], purchase_features.TOTAL_SPEND)
CENTRES = ((5.0, 30.0, 9000.0), (60.0, 6.0, 900.0), (300.0, 1.0, 60.0))


def planted(rows: int = 300, seed: int = 0) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Three groups far apart, the first recent, frequent and rich, with each row's group."""
    random = np.random.default_rng(seed)
    group = random.permutation(np.arange(rows) % 3)
    values = np.array(CENTRES)[group] * random.lognormal(0, 0.1, (rows, 3))
    return pd.DataFrame(values, columns=list(RFM)), group


def quick(**given: Any) -> SegmentationSettings:
    return SegmentationSettings.model_validate(
        {"k_min": 2, "k_max": 5, "bootstraps": 8, "min_stability": 0.95, **given}
    )


def centroids(*rows: tuple[float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(RFM))


@pytest.fixture(scope="module")
def fit() -> SegmentationFit:
    return fit_segments(quick(), planted()[0])


def test_silhouettes_on_the_online_retail_sample_are_the_known_ones(
    snapshot: Callable[[str], pd.DataFrame],
) -> None:
    frame = snapshot("2011-12-10")
    fit = fit_segments(quick(features=GROSS, bootstraps=6, min_stability=0.8), frame)
    assert len(frame) == 4338
    assert fit.silhouette == pytest.approx({2: 0.433, 3: 0.337, 4: 0.333, 5: 0.318}, abs=0.003)
    assert fit.stability == pytest.approx({2: 0.99, 3: 0.91, 4: 0.82, 5: 0.90}, abs=0.1)
    assert (fit.qualified, fit.names[0]) == (True, "Champions")


def test_the_silhouette_of_many_rows_is_that_of_a_sample(
    fit: SegmentationFit, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = len(planted()[0])
    monkeypatch.setattr(clustering, "_SILHOUETTE_ROWS", rows // 2)
    sampled = fit_segments(quick(), planted()[0])
    assert sampled.silhouette == pytest.approx(fit.silhouette, abs=0.05)
    assert sampled.silhouette != fit.silhouette
    assert sampled.stability == fit.stability


def test_a_segment_of_one_customer_is_in_each_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    alike = [(10 + n / 1000, 5.0, 100 + n / 1000) for n in range(300)]
    frame = centroids(*alike, (1.0, 10_000.0, 10_000_000.0))
    monkeypatch.setattr(clustering, "_SILHOUETTE_ROWS", 3)
    found = fit_segments(quick(k_max=2), frame)
    assert found.smallest_share[2] == 1 / len(frame)
    assert -1 <= found.silhouette[2] <= 1


def test_who_gave_everything_back_is_no_champion_of_net_spend(
    snapshot: Callable[[str], pd.DataFrame],
) -> None:
    frame = snapshot("2011-12-10")
    # Two of the ten with the highest gross spend, who gave nearly everything back.
    big = frame[frame.customer_id.str.startswith(("12346", "16446"))].sort_values("customer_id")
    assert big.net_spend.tolist() == [0, 2.9]

    def names(features: tuple[str, str, str]) -> list[str]:
        fit = fit_segments(quick(features=features, k_min=4, k_max=4, bootstraps=2), frame)
        return [fit.names[int(n)] for n in fit.model.predict(big[list(features)])]

    assert "Champions" in names(GROSS)
    assert names(RFM) == ["Lost", "Promising"]


def test_the_number_of_planted_groups_is_found_and_so_are_their_members(
    fit: SegmentationFit,
) -> None:
    frame, group = planted()
    assert (fit.k, fit.qualified) == (3, True)
    assert adjusted_rand_score(group, fit.model.predict(frame)) == 1
    assert fit.stability[3] == pytest.approx(1)
    assert fit.smallest_share[3] == pytest.approx(1 / 3)


def test_a_split_that_the_data_do_not_have_is_unstable(fit: SegmentationFit) -> None:
    assert max(fit.stability[4], fit.stability[5]) < 0.95 < fit.stability[3]


def test_segments_are_numbered_from_the_highest_spend_down(fit: SegmentationFit) -> None:
    assert fit.model.predict(centroids(*CENTRES)).tolist() == [0, 1, 2]


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_labels_in_the_model_equal_its_predictions(seed: int) -> None:
    frame = planted(seed=seed)[0]
    model = fit_segments(quick(k_min=5, seed=seed), frame).model
    by_value = frame.sort_values(list(RFM))
    assert model.named_steps["cluster"].labels_.tolist() == model.predict(by_value).tolist()


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_numbers_do_not_depend_on_the_seed_where_groups_are_clear(
    fit: SegmentationFit, seed: int
) -> None:
    frame, _ = planted()
    other = fit_segments(quick(seed=seed), frame)
    assert other.model.predict(frame).tolist() == fit.model.predict(frame).tolist()


def test_the_order_of_the_rows_changes_nothing(fit: SegmentationFit) -> None:
    frame, _ = planted()
    mixed = fit_segments(quick(), frame.sample(frac=1, random_state=4))
    assert mixed.stability == fit.stability
    assert mixed.silhouette == fit.silhouette
    before, after = (f.model.named_steps["cluster"].cluster_centers_ for f in (fit, mixed))
    assert np.array_equal(before, after)


def test_a_model_survives_skops_with_equal_segments(fit: SegmentationFit) -> None:
    stored = skops.io.dumps(fit.model)
    untrusted = skops.io.get_untrusted_types(data=stored)
    assert len(untrusted) <= 1
    loaded = skops.io.loads(stored, trusted=untrusted)
    frame, _ = planted(seed=9)
    assert loaded.predict(frame).tolist() == fit.model.predict(frame).tolist()
    assert bootstrap_ari(loaded, frame, quick()) == bootstrap_ari(fit.model, frame, quick())


def test_a_model_that_fits_the_rows_is_more_stable_than_one_that_does_not() -> None:
    frame, _ = planted()
    fitting = build_segmenter(quick(), 3).fit(frame)
    stale = build_segmenter(quick(), 3).fit(frame * (0.01, 1, 1))
    assert bootstrap_ari(fitting, frame, quick()) == pytest.approx(1)
    assert bootstrap_ari(stale, frame, quick()) < 0.8


def test_a_champion_is_evaluated_with_its_own_features() -> None:
    frame, _ = planted()
    frame[purchase_features.AVG_TRANSACTION_VALUE] = (
        frame[refund_features.NET_SPEND] / frame[purchase_features.PURCHASE_FREQUENCY]
    )
    own = quick(features=(*RFM, purchase_features.AVG_TRANSACTION_VALUE))
    champion = fit_segments(own, frame).model
    assert bootstrap_ari(champion, frame, quick()) == pytest.approx(1)


def test_net_losses_are_segmented_by_their_signed_logarithm() -> None:
    frame, group = planted()
    lost = frame.assign(**{RFM[2]: frame[RFM[2]].where(group != 2, -frame[RFM[2]])})
    fit = fit_segments(quick(), lost)
    assert (fit.k, fit.names[2]) == (3, "Lost")
    assert adjusted_rand_score(group, fit.model.predict(lost)) == 1
    logs = fit.model[0].transform(lost)
    assert np.array_equal(logs, np.sign(lost) * np.log1p(lost.abs()))
    stored = skops.io.dumps(fit.model)
    untrusted = skops.io.get_untrusted_types(data=stored)
    assert set(untrusted) <= TRUSTED_TYPES
    loaded = skops.io.loads(stored, trusted=untrusted)
    assert loaded.predict(lost).tolist() == fit.model.predict(lost).tolist()


def test_a_champion_of_gross_spend_is_evaluated_beside_one_of_net_spend() -> None:
    frame, group = planted()
    both = frame.assign(**{GROSS[2]: frame[RFM[2]], RFM[2]: -frame[RFM[2]]})
    champion = fit_segments(quick(features=GROSS), both)
    assert champion.names == {0: "Champions", 1: champion.names[1], 2: "Lost"}
    assert adjusted_rand_score(group, champion.model.predict(both[list(GROSS)])) == 1
    assert bootstrap_ari(champion.model, both, quick()) == pytest.approx(1)


def test_segments_are_named_by_net_spend_where_both_are_features() -> None:
    assert rfm_of((*GROSS, RFM[2])) == RFM
    assert rfm_of(GROSS) == GROSS
    rows = centroids((10, 5, 100), (10, 5, -100)).assign(**{GROSS[2]: [1.0, 1000.0]})
    assert name_segments(rows)[0] == "Champions"
    assert name_segments(rows.drop(columns=RFM[2]))[1] == "Champions"


def test_one_outlier_is_not_a_segment() -> None:
    random = np.random.default_rng(2)
    frame = pd.DataFrame(random.lognormal(2, 0.3, (200, 3)), columns=list(RFM))
    frame.loc[0] = [1.0, 5e4, 5e7]
    fit = fit_segments(quick(k_max=3, min_stability=0.0), frame)
    assert fit.smallest_share[3] == pytest.approx(1 / 200)
    assert not fit.qualified


def test_the_most_segments_that_are_stable_and_large_enough_are_chosen() -> None:
    stability = {3: 0.95, 4: 0.85, 5: 0.80, 6: 0.79, 7: 0.9}
    smallest = {3: 0.2, 4: 0.1, 5: 0.03, 6: 0.05, 7: 0.029}
    assert choose_k(stability, smallest, SegmentationSettings()) == (5, True)


def test_the_most_stable_number_is_chosen_if_none_qualifies() -> None:
    smallest = dict.fromkeys((3, 4, 5), 0.2)
    assert choose_k({3: 0.5, 4: 0.7, 5: 0.7}, smallest, SegmentationSettings()) == (4, False)


def test_too_few_different_customers_are_refused() -> None:
    frame = pd.concat([planted(9)[0]] * 50)
    with pytest.raises(AsOfError, match=r"450 customers have 9 distinct rows.*need 10"):
        fit_segments(quick(), frame)


def test_an_unknown_window_is_refused() -> None:
    frame = planted()[0].assign(**{window_features.spend_in(30): np.nan})
    with pytest.raises(AsOfError, match=r"spend_last_30_days is null.*later as_of"):
        fit_segments(quick(features=(*RFM, window_features.spend_in(30))), frame)


def test_customers_who_all_bought_today_can_be_segmented() -> None:
    frame = planted()[0].assign(**{purchase_features.RECENCY_DAYS: 0.0})
    assert fit_segments(quick(), frame).k == 3


@pytest.mark.parametrize(
    ("given_settings", "problem"),
    [
        ({"features": (purchase_features.RECENCY_DAYS,)}, "lack purchase_frequency, net_spend or"),
        ({"k_min": 6, "k_max": 5}, "k_min 6 is above k_max 5"),
        ({"k_max": MOST_SEGMENTS + 1}, "less than or equal to 10"),
        ({"features": (*RFM, "tenure_day")}, "did you mean 'tenure_days'"),
    ],
)
def test_unusable_settings_are_refused(given_settings: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        SegmentationSettings.model_validate(given_settings)


def test_the_shipped_settings_are_valid() -> None:
    path = Path(__file__).parents[2] / "models" / "segmentation.toml"
    found = SegmentationSettings.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    assert (found.features, found.k_min, found.k_max) == (RFM, 3, 8)
    assert SegmentationSettings(features=GROSS).features == GROSS
    assert found.intended_use


@pytest.mark.parametrize("k", range(2, 9))
def test_names_are_unique_from_champions_to_lost_for_every_number_of_segments(k: int) -> None:
    steps = np.linspace(0, 1, k)
    rows = [(10 * 30**s, 20 * 0.05**s, 9000 * 0.02**s) for s in steps]
    names = name_segments(centroids(*rows))
    assert len(set(names.values())) == k
    assert (names[0], names[k - 1]) == ("Champions", "Lost")


def test_familiar_customers_get_the_familiar_names() -> None:
    names = name_segments(
        centroids(
            (4, 30, 12000),  # always here
            (8, 9, 2500),  # often here
            (3, 1, 60),  # just came
            (250, 25, 9000),  # valuable, but absent for months
            (280, 1, 50),  # bought once, long ago
        )
    )
    assert list(names.values()) == ["Champions", "Loyal", "New", "Can't lose them", "Lost"]


POSITIVE = st.integers(0, 10**5).map(float)
MANY = st.lists(
    st.tuples(POSITIVE, POSITIVE, POSITIVE), min_size=2, max_size=MOST_SEGMENTS, unique=True
)
DESCENDING = ("Champions", "Loyal", "Needs attention", "Hibernating", "Lost")


@settings(deadline=None)
@given(MANY, st.randoms())
def test_names_are_unique_and_do_not_depend_on_the_order_of_the_rows(
    rows: list[tuple[float, float, float]], random: Any
) -> None:
    names = name_segments(centroids(*rows))
    assert len(set(names.values())) == len(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    assert name_segments(centroids(*rows).iloc[order]) == names


@settings(deadline=None)
@given(MANY, st.integers(0, MOST_SEGMENTS - 1))
def test_the_best_on_all_three_are_champions_and_the_worst_on_all_three_lost(
    rows: list[tuple[float, float, float]], place: int
) -> None:
    recency, frequency, spend = zip(*rows, strict=True)
    best = (min(recency) / 2, max(frequency) * 2 + 1, max(spend) * 2 + 1)
    worst = (max(recency) * 2 + 1, min(frequency) / 2, min(spend) / 2)
    ordered = [*rows[2:]]
    at = min(place, len(ordered))
    names = name_segments(centroids(*ordered[:at], best, *ordered[at:], worst))
    assert names[at] == "Champions"
    assert names[len(ordered) + 1] == "Lost"


@settings(deadline=None)
@given(MANY, POSITIVE)
def test_the_longest_absent_segment_with_the_lowest_spend_is_lost_or_hibernating(
    rows: list[tuple[float, float, float]], frequency: float
) -> None:
    others = [(r, f, m + 1) for r, f, m in rows[:-1]]
    absent = (max(r for r, *_ in others) * 2 + 1, frequency, 0.0)
    assert name_segments(centroids(absent, *others))[0] in {"Lost", "Hibernating"}


@settings(deadline=None)
@given(MANY)
def test_a_segment_that_is_better_in_all_features_has_no_worse_name(
    rows: list[tuple[float, float, float]],
) -> None:
    names = name_segments(centroids(*rows))
    for (better, one), (worse, other) in permutations(enumerate(rows), 2):
        outdone = one[0] < other[0] and one[1] > other[1] and one[2] > other[2]
        if outdone and {names[better], names[worse]} <= set(DESCENDING):
            assert DESCENDING.index(names[better]) < DESCENDING.index(names[worse])


def test_names_belong_to_the_numbers_of_the_index() -> None:
    frame = centroids((300, 1, 10), (2, 20, 5000)).set_axis([7, 4])
    assert name_segments(frame) == {4: "Champions", 7: "Lost"}


def test_equal_segments_get_their_names_by_number_not_by_row() -> None:
    rows = centroids((2, 20, 5000), (50, 3, 100), (50, 3, 100), (300, 1, 10))
    assert name_segments(rows.iloc[[0, 2, 1, 3]]) == name_segments(rows)


def test_one_segment_is_the_champions() -> None:
    assert name_segments(centroids((10, 2, 30))) == {0: "Champions"}


def test_more_segments_than_names_are_refused() -> None:
    with pytest.raises(ValueError, match="11 segments"):
        name_segments(centroids(*[(i, i, i) for i in range(11)]))


def test_a_null_centroid_is_refused() -> None:
    with pytest.raises(ContractError, match="null"):
        name_segments(centroids((1, np.nan, 3)))


def test_a_profile_counts_and_weighs_each_segment() -> None:
    frame = centroids((10, 4, 60), (20, 2, 20), (30, 3, 10), (90, 1, 10))
    table = profile({1: "Lost", 0: "Champions"}, [0, 0, 0, 1], frame)
    assert table[gold.SEGMENT].tolist() == [0, 1]
    assert table[gold.SEGMENT_NAME].tolist() == ["Champions", "Lost"]
    assert table[CUSTOMERS].tolist() == [3, 1]
    assert table[SHARE].tolist() == [0.75, 0.25]
    assert table[SPEND_SHARE].tolist() == pytest.approx([0.9, 0.1])
    assert table[median_of(refund_features.NET_SPEND)].tolist() == [20, 10]
    assert table[mean_of(refund_features.NET_SPEND)].tolist() == [30, 10]
    assert table[median_of(purchase_features.RECENCY_DAYS)].tolist() == [20, 90]
    assert table[mean_of(purchase_features.PURCHASE_FREQUENCY)].tolist() == [3, 1]


def test_a_segment_without_customers_has_a_row_with_unknown_medians() -> None:
    table = profile({0: "Champions", 1: "Lost"}, [0], centroids((1, 1, 1)))
    assert table[CUSTOMERS].tolist() == [1, 0]
    assert np.isnan(table[median_of(refund_features.NET_SPEND)][1])


def test_a_segment_with_a_net_loss_has_a_negative_share() -> None:
    table = profile({0: "Champions", 1: "Lost"}, [0, 1], centroids((1, 1, 120), (9, 1, -20)))
    assert table[SPEND_SHARE].tolist() == pytest.approx([1.2, -0.2])


def test_a_profile_is_of_the_money_that_segments_are_named_by() -> None:
    frame = centroids((1, 1, 10)).rename(columns={RFM[2]: GROSS[2]})
    assert profile({0: "Champions"}, [0], frame, GROSS)[median_of(GROSS[2])].tolist() == [10]


def test_shares_are_unknown_without_spend() -> None:
    table = profile({0: "Champions"}, [0], centroids((1, 1, 0)))
    assert table[SPEND_SHARE].isna().all()


def test_a_label_without_a_name_is_refused() -> None:
    with pytest.raises(ValueError, match=r"\[3\] have no name"):
        profile({0: "Champions"}, [3], centroids((1, 1, 1)))


def test_a_fit_is_immutable(fit: SegmentationFit) -> None:
    with pytest.raises(FrozenInstanceError):
        fit.k = 4  # type: ignore[misc]


def test_a_shop_that_completed_no_order_has_no_segments() -> None:
    nobody = pd.DataFrame({name: [] for name in SegmentationSettings().features})
    with pytest.raises(AsOfError, match="no customer has a completed order before as_of"):
        fit_segments(SegmentationSettings(), nobody)


def loaded(fit: SegmentationFit, version: int) -> LoadedModel:
    return LoadedModel(version, fit.model, fit.settings.features, {})


def against(champion: LoadedModel, fit: SegmentationFit, rows: pd.DataFrame) -> HeadToHead:
    return MODEL.compare(fit.settings, loaded(fit, 2), champion, Frames(rows, rows))


def of_size(k: int, rows: pd.DataFrame, **given: Any) -> SegmentationFit:
    return fit_segments(quick(k_min=k, k_max=k, **given), rows)


def test_the_same_segments_trained_again_agree(fit: SegmentationFit) -> None:
    rows, _ = planted(seed=1)
    found = against(loaded(fit, 1), of_size(3, rows), rows)
    assert found.agreement == pytest.approx(1.0)
    assert found.champion_holds
    assert (found.metric, found.champion_version, found.lead) == ("bootstrap_ari", 1, None)
    assert found.challenger > 0.9


def test_fewer_segments_do_not_agree_with_those_that_still_hold(fit: SegmentationFit) -> None:
    rows, _ = planted()
    found = against(loaded(fit, 1), of_size(2, rows), rows)
    assert found.agreement is not None
    assert found.agreement < 0.8
    assert found.champion_holds


def test_a_champion_with_a_segment_of_nobody_does_not_hold_any_more(fit: SegmentationFit) -> None:
    rows, group = planted()
    without = rows[group != 2].reset_index(drop=True)
    settings = quick(min_stability=0.0, min_share=0.01)
    assert set(fit.model.predict(without[list(RFM)])) == {0, 1}
    found = MODEL.compare(
        settings, loaded(of_size(2, without), 2), loaded(fit, 1), Frames(without, without)
    )
    assert not found.champion_holds


def test_a_champion_that_is_not_stable_does_not_hold_any_more(fit: SegmentationFit) -> None:
    random = np.random.default_rng(0)
    noise = pd.DataFrame(np.exp(random.normal(3, 1, (300, 3))), columns=list(RFM))
    found = against(loaded(fit, 1), of_size(3, noise), noise)
    assert found.champion < 0.95
    assert not found.champion_holds


@pytest.mark.parametrize("name", ["rule", "min_gain", "margin", "max_auc"])
def test_a_threshold_without_an_effect_on_segments_is_refused(name: str) -> None:
    given = {"rule": "better"}.get(name, 0.5)
    with pytest.raises(ValidationError, match=f"{name} has no effect on this model"):
        quick(gate={name: given})
    assert quick(gate={"min_agreement": 0.7}).gate.min_agreement == 0.7
