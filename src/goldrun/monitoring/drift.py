"""Measure feature drift: compare current rows with the training rows of a model.

The baseline is an artifact of the training run, so a check needs one aggregate of current rows:

    counts = bin_counts(current, baseline.bins)
    report = compare(baseline, counts, columns, DriftConfig())
"""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields

import pandas as pd
from pydantic import Field

from goldrun.contracts.strict import Strict
from goldrun.contracts.verdict import Verdict, worst
from goldrun.features.catalog.entry import Feature
from goldrun.monitoring.baseline import Baseline, FeatureBaseline, baseline_of
from goldrun.monitoring.binning import Bins, bin_counts
from goldrun.monitoring.divergence import js_distance, psi, psi_noise, psi_terms

__all__ = [
    "MAJOR_PSI",
    "MODERATE_PSI",
    "Baseline",
    "Bins",
    "DriftConfig",
    "DriftReport",
    "FeatureBaseline",
    "FeatureDrift",
    "baseline_of",
    "bin_counts",
    "compare",
    "js_distance",
    "psi",
    "psi_noise",
]

MODERATE_PSI = 0.1
"""PSI of a moderate shift by the convention of credit scoring (Siddiqi 2006)."""
MAJOR_PSI = 0.25
"""PSI of a major shift by the same convention."""
_UNSAFE_IN_A_METRIC = re.compile(r"[^\w\-. :/]", re.ASCII)


class DriftConfig(Strict):
    """Thresholds of drift.

    Attributes:
        max_psi: Largest PSI that passes. The default is a moderate shift (0.1), not a major one
            (0.25), because by default a failed drift check only warns. Set 0.25 for a model whose
            gate blocks on drift.
        noise_p: Probability that a feature without drift exceeds its noise threshold. With 0.001
            about 1 % of the reports over a dozen features have a false alarm.
        min_rows: Fewest rows on each side; a feature with fewer is unknown. The approximation of
            the noise threshold needs about 5 expected rows a bin: rounded up to 100 for ten bins
            and one for nulls.
    """

    max_psi: float = Field(default=MODERATE_PSI, gt=0, allow_inf_nan=False)
    noise_p: float = Field(default=0.001, gt=0, lt=1)
    min_rows: int = Field(default=100, ge=1)


@dataclass(frozen=True)
class FeatureDrift:
    """Drift of one feature. Numbers are None if a side has no rows.

    Attributes:
        feature: Column name.
        psi: Population stability index, 0 or more, 0 for equal shares.
        js_distance: Jensen-Shannon distance, 0 (equal shares) to 1 (no bin in common).
        verdict: Verdict by the thresholds; unknown for a feature that is not evaluated.
        evaluated: False for a feature that grows with time by construction.
        note: Reason of the verdict; empty for a pass.
        effective_bins: Bins with a row on either side; ties reduce their number.
        psi_noise: PSI that samples of these sizes of one population exceed with probability
            ``noise_p``.
        reference_rows: Number of training rows.
        current_rows: Number of current rows.
        null_share_reference: Share of training rows with null or NaN, 0 to 1.
        null_share_current: Share of current rows with null or NaN, 0 to 1.
        unit: Unit of the feature.
    """

    feature: str
    psi: float | None
    js_distance: float | None
    verdict: Verdict
    evaluated: bool
    note: str
    effective_bins: int
    psi_noise: float | None
    reference_rows: int
    current_rows: int
    null_share_reference: float | None
    null_share_current: float | None
    unit: str = ""


@dataclass(frozen=True)
class DriftReport:
    """Drift of the features of a model since its training.

    Attributes:
        features: One entry a feature, in the order of the contract columns.
        verdict: Worst verdict of the evaluated features; unknown when none was evaluated.
    """

    features: tuple[FeatureDrift, ...]
    verdict: Verdict

    def table(self) -> pd.DataFrame:
        """Return one row a feature, with the fields of ``FeatureDrift`` as columns.

        ``evaluated`` keeps the column name ``judged``, which earlier runs wrote. None is missing.
        """
        rows = [asdict(one) | {"verdict": one.verdict.value} for one in self.features]
        table = pd.DataFrame(rows, columns=[field.name for field in fields(FeatureDrift)])
        return table.rename(columns={"evaluated": "judged"})

    def metrics(self) -> dict[str, float]:
        """Return the finite numbers, under names that MLflow accepts.

        These are ``psi_<feature>`` and ``js_<feature>``, and the numbers of evaluated, failed and
        unknown features.
        """
        found: dict[str, float] = {}
        for one in self.features:
            name = _UNSAFE_IN_A_METRIC.sub("_", one.feature)
            for prefix, value in (("psi", one.psi), ("js", one.js_distance)):
                if value is not None and math.isfinite(value):
                    found[f"{prefix}_{name}"] = value
        evaluated = [one for one in self.features if one.evaluated]
        found["features_judged"] = float(len(evaluated))
        found["features_failed"] = float(sum(one.verdict is Verdict.FAIL for one in evaluated))
        found["features_unknown"] = float(sum(one.verdict is Verdict.UNKNOWN for one in evaluated))
        return found


def compare(
    baseline: Baseline,
    current_counts: Mapping[str, Sequence[int]],
    contract_columns: Sequence[Feature],
    config: DriftConfig,
) -> DriftReport:
    """Compare bin counts of current rows with those of the training rows, feature by feature.

    A feature fails when its PSI exceeds both ``max_psi`` and its noise. It is unknown if the
    baseline or the current counts lack it, a side has only nulls or too few rows, or the noise
    exceeds ``max_psi``; otherwise it passes.

    Args:
        baseline: Baseline of the training rows.
        current_counts: Result of ``bin_counts`` of current rows with ``baseline.bins``.
        contract_columns: Features to report, in this order.
        config: Thresholds.

    Raises:
        ValueError: Counts belong to other bins than the baseline's.
    """
    found = tuple(
        _feature_drift(c, baseline.feature(c.name), current_counts.get(c.name), config)
        for c in contract_columns
    )
    return DriftReport(found, worst(one.verdict for one in found if one.evaluated))


def _feature_drift(
    column: Feature,
    reference: FeatureBaseline | None,
    current: Sequence[int] | None,
    config: DriftConfig,
) -> FeatureDrift:
    expected, actual = reference.counts if reference else (), tuple(current or ())
    if expected and actual and len(expected) != len(actual):
        raise ValueError(
            f"{column.name}: {len(actual)} current counts don't fit the baseline's "
            f"{len(expected)} bins; count with baseline.bins"
        )
    n, m = sum(expected), sum(actual)
    comparable = n > 0 and m > 0
    occupied = sum(e + a > 0 for e, a in zip(expected, actual, strict=True)) if comparable else 0
    shift = psi(expected, actual) if comparable else None
    noise = psi_noise(occupied, n, m, config.noise_p) if comparable else None
    if column.grows_with_time:
        verdict, note = Verdict.UNKNOWN, "not evaluated: grows with time by construction"
    elif shift is None or noise is None:
        verdict, note = Verdict.UNKNOWN, _missing_input(reference, current)
    else:
        verdict, note = _evaluate(expected, actual, shift, noise, config)
    return FeatureDrift(
        feature=column.name,
        psi=shift,
        js_distance=js_distance(expected, actual) if comparable else None,
        verdict=verdict,
        evaluated=not column.grows_with_time,
        note=note,
        effective_bins=occupied,
        psi_noise=noise,
        reference_rows=n,
        current_rows=m,
        null_share_reference=expected[-1] / n if n else None,
        null_share_current=actual[-1] / m if m else None,
        unit=column.unit,
    )


def _missing_input(reference: FeatureBaseline | None, current: Sequence[int] | None) -> str:
    if reference is None:
        return "the baseline lacks it; train the model again with this feature"
    if current is None:
        return "no counts of current rows"
    return "no reference rows" if reference.rows == 0 else "no current rows"


def _evaluate(
    expected: Sequence[int],
    actual: Sequence[int],
    shift: float,
    noise: float,
    config: DriftConfig,
) -> tuple[Verdict, str]:
    n, m = sum(expected), sum(actual)
    for counts, rows, side in ((expected, n, "reference"), (actual, m, "current")):
        if counts[-1] == rows:
            return Verdict.UNKNOWN, f"every {side} row is null"
    if min(n, m) < config.min_rows:
        return Verdict.UNKNOWN, f"{min(n, m):,} rows are too few; {config.min_rows:,} are evaluated"
    limit = max(config.max_psi, noise)
    if shift > limit:
        note = f"PSI {shift:.3f} exceeds {limit:.3f}"
        return Verdict.FAIL, note + _share_of_nulls(expected, actual, shift)
    if noise > config.max_psi:
        return Verdict.UNKNOWN, f"too few rows: chance alone could give a PSI of {noise:.3f}"
    return Verdict.PASS, ""


def _share_of_nulls(expected: Sequence[int], actual: Sequence[int], shift: float) -> str:
    """Return a note on nulls if they cause more than half of a PSI, else an empty text."""
    if psi_terms(expected, actual)[-1] <= shift / 2:
        return ""
    before, now = expected[-1] / sum(expected), actual[-1] / sum(actual)
    return f", mostly by nulls ({before:.1%} before, {now:.1%} now)"
