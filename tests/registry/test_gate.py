"""The gate promotes a version only with complete evidence that meets all criteria."""

import math
from dataclasses import replace
from itertools import product
from typing import Any, Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from goldrun.contracts.criterion import Criterion
from goldrun.contracts.verdict import Verdict
from goldrun.learning.head_to_head import HeadToHead
from goldrun.learning.resampling import Interval
from goldrun.registry.evidence import Evidence, version_tags, versions_in
from goldrun.registry.gate import Decision, decide
from goldrun.registry.metric_ranges import RANGES, problem_of
from tests.registry.evidences import EVIDENCE

Policy = Literal["warn", "block"]
NAN, INF = math.nan, math.inf
CRITERIA = (Criterion("auc", at_least=0.70), Criterion("auc", above="recency.auc"))


def weigh(
    evidence: Evidence = EVIDENCE,
    criteria: tuple[Criterion, ...] = CRITERIA,
    rival: HeadToHead | None = None,
    policy: Policy = "warn",
) -> Decision:
    return decide(evidence, criteria, rival, policy)


def against_champion(challenger: float, champion: float) -> HeadToHead:
    numbers = all(isinstance(value, float) for value in (challenger, champion))
    lead = challenger - champion if numbers else 0.1
    interval = Interval(lead, lead - 0.001, lead + 0.001)
    return HeadToHead("auc", challenger, champion, champion_version=4, lead=interval)


def test_the_first_version_that_meets_all_criteria_becomes_champion() -> None:
    assert weigh() == Decision(promote=True, against=(), warnings=())
    assert str(weigh()) == "promoted"


VERDICTS = list(product(Verdict, Verdict, ("warn", "block")))


@pytest.mark.parametrize(("quality", "drift", "policy"), VERDICTS)
def test_a_promotion_requires_passed_quality_and_evaluated_drift(
    quality: Verdict, drift: Verdict, policy: Policy
) -> None:
    found = weigh(replace(EVIDENCE, quality=quality, drift=drift), policy=policy)
    bearable = {Verdict.PASS} if policy == "block" else {Verdict.PASS, Verdict.FAIL}
    assert found.promote == (quality is Verdict.PASS and drift in bearable)
    warned = drift is Verdict.FAIL and policy == "warn"
    assert found.warnings == (("features have drifted",) if warned else ())


@pytest.mark.parametrize("quality", [Verdict.FAIL, Verdict.UNKNOWN])
def test_failed_or_unknown_quality_is_a_reason(quality: Verdict) -> None:
    found = weigh(replace(EVIDENCE, quality=quality))
    assert str(found) == f"not promoted: data quality is {quality.value}"


def test_unknown_drift_is_a_reason() -> None:
    found = weigh(replace(EVIDENCE, drift=Verdict.UNKNOWN))
    assert str(found) == "not promoted: feature drift could not be evaluated"


def test_unknown_drift_only_warns_before_the_first_champion() -> None:
    unknown = replace(EVIDENCE, drift=Verdict.UNKNOWN)
    found = decide(unknown, CRITERIA, None, "block", first=True)
    assert str(found) == "promoted (warning: feature drift could not be evaluated)"
    failed = decide(replace(EVIDENCE, drift=Verdict.FAIL), CRITERIA, None, "block", first=True)
    assert not failed.promote
    not_measured: Any = None
    missing = replace(EVIDENCE, drift=not_measured)
    assert not decide(missing, CRITERIA, None, "warn", first=True).promote
    unknown_quality = replace(unknown, quality=Verdict.UNKNOWN)
    assert not decide(unknown_quality, CRITERIA, None, "warn", first=True).promote


def test_a_promotion_reports_a_warning() -> None:
    found = weigh(replace(EVIDENCE, drift=Verdict.FAIL))
    assert str(found) == "promoted (warning: features have drifted)"


@pytest.mark.parametrize(
    ("auc", "bar", "opens"),
    [
        (0.74, 0.68, True),
        (0.70, 0.68, True),
        (0.6999, 0.68, False),
        (0.74, 0.74, False),
        (0.74, 0.75, False),
        (NAN, 0.68, False),
        (INF, 0.68, False),
        (0.74, NAN, False),
        (0.74, None, False),
        (None, 0.68, False),
    ],
)
def test_a_floor_and_a_baseline_are_both_required(
    auc: float | None, bar: float | None, opens: bool
) -> None:
    given = {"auc": auc, "recency.auc": bar}
    metrics = {name: value for name, value in given.items() if value is not None}
    found = weigh(replace(EVIDENCE, metrics=metrics))
    assert found.promote is opens
    assert bool(found.against) is not opens


def test_a_missing_metric_is_a_reason() -> None:
    found = weigh(replace(EVIDENCE, metrics={"auc": NAN}), CRITERIA[:1])
    assert found.against == ("auc was not measured",)


def test_an_unbeaten_baseline_is_named() -> None:
    found = weigh(replace(EVIDENCE, metrics={"auc": 0.74, "recency.auc": 0.74}))
    assert found.against == ("auc 0.7400 does not beat recency.auc 0.7400, short by 0",)


@pytest.mark.parametrize(
    ("challenger", "champion", "opens"),
    [
        (0.75, 0.74, True),
        (math.nextafter(0.74, 1), 0.74, False),
        (0.7419, 0.74, False),
        (0.7421, 0.74, True),
        (0.74, 0.74, False),
        (0.73, 0.74, False),
        (NAN, 0.74, False),
        (0.74, NAN, False),
        (NAN, NAN, False),
    ],
)
def test_a_champion_is_replaced_only_by_a_better_one(
    challenger: float, champion: float, opens: bool
) -> None:
    assert weigh(rival=against_champion(challenger, champion)).promote is opens


def test_retraining_the_same_model_keeps_the_champion() -> None:
    first = weigh()
    again = weigh(rival=against_champion(0.74, 0.74))
    assert first.promote
    assert again.against == (
        "auc 0.7400 leads that of champion version 4, 0.7400 on the same rows, by 0.0000 "
        "[-0.0010, 0.0010], and a lead of at least 0.002 with a lower bound above 0 is required: "
        "short by 0.0020",
    )


def test_a_better_metric_does_not_outweigh_failed_quality() -> None:
    worse = replace(EVIDENCE, quality=Verdict.FAIL)
    assert not weigh(worse, rival=against_champion(0.99, 0.5)).promote


def test_all_reasons_against_a_promotion_are_reported() -> None:
    failing = replace(EVIDENCE, quality=Verdict.FAIL, drift=Verdict.FAIL, metrics={})
    found = weigh(failing, rival=against_champion(0.5, 0.6), policy="block")
    assert len(found.against) == len(set(found.against)) == 4
    assert found.warnings == ()


# Hostile evidence -------------------------------------------------------------------------------


@pytest.mark.parametrize("auc", [INF, -INF, 2.0, -0.0, -0.1, NAN, None, "0.9", True])
def test_a_value_outside_its_metrics_range_never_promotes(auc: Any) -> None:
    metrics = {"auc": auc, "recency.auc": 0.68}
    assert not weigh(replace(EVIDENCE, metrics=metrics)).promote
    assert not weigh(replace(EVIDENCE, metrics=metrics), CRITERIA[1:]).promote
    assert not weigh(rival=against_champion(auc, 0.7)).promote


@pytest.mark.parametrize("bar", [INF, -INF, -0.0, -1.0, NAN, None])
def test_a_baseline_or_a_champion_outside_the_range_never_promotes(bar: Any) -> None:
    metrics = {"auc": 0.74, "recency.auc": bar}
    assert not weigh(replace(EVIDENCE, metrics=metrics)).promote
    assert not weigh(rival=against_champion(0.75, bar)).promote


def test_the_side_of_the_comparison_that_is_out_of_range_is_named() -> None:
    found = weigh(rival=against_champion(0.75, -INF))
    assert found.against == ("champion version 4: auc -inf is not a finite number from 0 to 1",)


def test_a_version_without_criteria_is_not_promoted() -> None:
    assert weigh(criteria=()).against == ("there are no criteria to meet",)


@pytest.mark.parametrize("floor", [None, -INF, NAN, -1.0])
def test_a_criterion_that_every_value_meets_does_not_promote(floor: float | None) -> None:
    assert not weigh(criteria=(Criterion("auc", at_least=floor),)).promote


@pytest.mark.parametrize("nothing", ["", "  ", None])
@pytest.mark.parametrize(
    "name",
    [
        *("model", "source", "lake", "run_id", "training_table", "content_hash"),
        *("quality_run_id", "drift_run_id"),
    ],
)
def test_evidence_without_an_id_or_a_hash_never_promotes(name: str, nothing: str | None) -> None:
    without: dict[str, Any] = {name: nothing}
    found = weigh(replace(EVIDENCE, **without))
    assert not found.promote
    assert f"the evidence lacks: {name}" in found.against[0]


def test_evidence_without_the_version_of_the_training_table_never_promotes() -> None:
    assert not weigh(replace(EVIDENCE, table_versions={"gold/customer_daily": 3})).promote


@pytest.mark.parametrize("name", ["quality", "drift"])
def test_a_missing_verdict_never_promotes(name: str) -> None:
    without: dict[str, Any] = {name: None}
    assert not weigh(replace(EVIDENCE, **without)).promote


def test_a_metric_without_a_declared_range_must_be_finite() -> None:
    criterion = (Criterion("profit", at_least=-5.0),)
    finite, infinite = ({"profit": value} for value in (-4.0, INF))
    assert weigh(replace(EVIDENCE, metrics=finite), criterion).promote
    assert not weigh(replace(EVIDENCE, metrics=infinite), criterion).promote


@pytest.mark.parametrize("metric", RANGES)
def test_a_range_includes_its_ends(metric: str) -> None:
    low, high = RANGES[metric]
    assert problem_of(f"a.{metric}", low) is None
    assert problem_of(metric, math.nextafter(low, -INF)) is not None
    if math.isfinite(high):
        assert problem_of(metric, high) is None
    assert problem_of(metric, math.nextafter(high, INF)) is not None


maybe = st.floats(allow_nan=True, allow_infinity=True)


hostile: Any = st.one_of(st.floats(-0.1, 1.1), maybe, st.none(), st.booleans(), st.text(max_size=3))
verdicts: Any = st.sampled_from([*Verdict, Verdict.PASS, None])
ids: Any = st.sampled_from(["id", "id", "id", "", " ", None])


@settings(max_examples=400)
@given(verdicts, verdicts, hostile, hostile, hostile, hostile, ids, ids)
def test_every_promotion_has_its_evidence(
    quality: Any,
    drift: Any,
    auc: Any,
    bar: Any,
    challenger: Any,
    champion: Any,
    run_id: Any,
    content_hash: Any,
) -> None:
    evidence = replace(
        EVIDENCE,
        quality=quality,
        drift=drift,
        metrics={"auc": auc, "recency.auc": bar},
        quality_run_id=run_id,
        content_hash=content_hash,
    )
    found = weigh(evidence, rival=against_champion(challenger, champion))
    assert found.promote is not bool(found.against)
    if found.promote:
        assert quality is Verdict.PASS
        assert drift in {Verdict.PASS, Verdict.FAIL}
        assert 0 <= bar < auc <= 1
        assert auc >= 0.70
        assert 0 <= champion < challenger <= 1
        assert run_id == content_hash == "id"


def test_evidence_names_the_delta_version_zero() -> None:
    tags = EVIDENCE.tags()
    assert tags["delta.version.gold.customer_features"] == "0"
    assert tags["delta.version.gold.customer_daily"] == "3"
    assert version_tags({"silver/transactions": 0}) == {"delta.version.silver.transactions": "0"}
    assert versions_in(tags) == EVIDENCE.table_versions


def test_evidence_as_tags_names_the_run_of_each_verdict() -> None:
    tags = replace(EVIDENCE, drift=Verdict.UNKNOWN).tags()
    assert tags["goldrun.quality"] == "pass"
    assert tags["goldrun.quality_run_id"] == "run-2"
    assert tags["goldrun.drift"] == "unknown"
    assert tags["goldrun.drift_run_id"] == "run-3"
    assert tags["goldrun.run_id"] == "run-1"
    assert tags["goldrun.source"] == EVIDENCE.source
    assert tags["goldrun.lake"] == EVIDENCE.lake
    assert tags["goldrun.content_hash"] == "ab" * 32
    assert tags["goldrun.git.commit"] == "c" * 40
    assert all(isinstance(value, str) for value in tags.values())


@pytest.mark.parametrize(
    "changed",
    [
        {"table_versions": {"gold/customer_features": -1}},
        {"table_versions": {"gold/customer_features": None}},
        {"table_versions": {"gold/customer_features": True}},
        {"content_hash": "x"},
        {"git_commit": ""},
    ],
)
def test_invalid_versions_and_hashes_are_refused(changed: dict[str, Any]) -> None:
    assert not weigh(replace(EVIDENCE, **changed)).promote


def test_a_number_too_large_for_a_float_is_refused() -> None:
    assert "not a finite number" in (problem_of("rows", 10**400) or "")


def test_an_unknown_policy_blocks() -> None:
    policy: Any = "Block"
    assert not weigh(replace(EVIDENCE, drift=Verdict.FAIL), policy=policy).promote


UNSOUND: list[dict[str, Any]] = [
    {"quality": Verdict.FAIL},
    {"drift": Verdict.UNKNOWN},
    {"run_id": ""},
    {"metrics": {"auc": None, "recency.auc": 0.68}},
    {"metrics": {"auc": 0.99, "recency.auc": 0.68}},
]


@pytest.mark.parametrize("changed", UNSOUND)
def test_a_refusal_for_more_than_lacking_merit_is_not_sound(changed: dict[str, Any]) -> None:
    limited = (*CRITERIA, Criterion("auc", at_most=0.95))
    assert not weigh(replace(EVIDENCE, **changed), criteria=limited).is_sound


def test_a_refusal_for_lacking_merit_is_sound() -> None:
    no_better = replace(EVIDENCE, metrics={"auc": 0.70, "recency.auc": 0.71})
    for found in (weigh(no_better), weigh(rival=against_champion(0.74, 0.75))):
        assert not found.promote
        assert found.is_sound
