"""Settings of the segmentation model."""

from pydantic import Field, model_validator

from goldrun.learning.gate_settings import GateSettings
from goldrun.learning.inputs import MOST_DAYS, ModelSettings
from goldrun.learning.segmentation.names import MONEY, MOST_SEGMENTS, RFM, rfm_of


class SegmentationSettings(ModelSettings):
    """Settings in ``models/segmentation.toml``.

    Attributes:
        features: As for every model; recency, frequency and ``net_spend`` or ``total_spend`` must
            be among them, because segments are ordered and named by these; by net spend if both
            are given.
        k_min: Smallest number of segments to try.
        k_max: Largest number of segments to try.
        bootstraps: Resamples for each number of segments.
        min_stability: Smallest accepted bootstrap ARI, 0 to 1.
        min_share: Smallest accepted share of the customers in the smallest segment, 0 to 1.
        drift_reference_days: While there is no champion, drift is measured against the features of
            that many days earlier.
    """

    not_in_gate = frozenset(GateSettings.model_fields) - {"min_agreement"}
    features: tuple[str, ...] = RFM
    k_min: int = Field(default=3, ge=2)
    k_max: int = Field(default=8, le=MOST_SEGMENTS)
    bootstraps: int = Field(default=20, ge=2)
    min_stability: float = Field(default=0.8, ge=0, le=1)
    min_share: float = Field(default=0.03, ge=0, le=1)
    drift_reference_days: int = Field(default=90, ge=1, le=MOST_DAYS)

    @model_validator(mode="after")
    def _can_be_named(self) -> "SegmentationSettings":
        lacking = [name for name in rfm_of(self.features) if name not in self.features]
        if lacking:
            lacking = [" or ".join(MONEY) if name in MONEY else name for name in lacking]
            raise ValueError(
                f"features lack {', '.join(lacking)}, which segments are named by; add them"
            )
        if self.k_min > self.k_max:
            raise ValueError(f"k_min {self.k_min} is above k_max {self.k_max}; make it smaller")
        return self
