"""The evidence for a promotion, which is stored with the training run and the model version."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

from goldrun.contracts.verdict import Verdict
from goldrun.registry.owner import LAKE_TAG, SOURCE_TAG

_VERSION = "delta.version."


@dataclass(frozen=True)
class Evidence:
    """The evidence of one registered version.

    Attributes:
        model: Registered name.
        source: Name of the source that the model belongs to.
        lake: Delta id of the lake's ``bronze/transactions``.
        run_id: Training run.
        table_versions: Delta version of every table that the model depends on, 0 included.
        training_table: Table that the training frame was read from.
        content_hash: SHA-256 of the training frame.
        quality_run_id: Run that measured data quality.
        quality: Verdict of data quality.
        drift_run_id: Run that measured feature drift.
        drift: Verdict of feature drift.
        metrics: Scores of the model and its baselines on the test rows.
        git_commit: Commit of the code, or ``unknown``.
        git_dirty: Whether the tree had uncommitted changes; ``unknown`` outside a repository.
    """

    model: str
    source: str
    lake: str
    run_id: str
    table_versions: Mapping[str, int]
    training_table: str
    content_hash: str
    quality_run_id: str
    quality: Verdict
    drift_run_id: str
    drift: Verdict
    metrics: Mapping[str, float]
    git_commit: str
    git_dirty: str

    def to_json(self) -> str:
        """Render as JSON with sorted keys; a number that is not finite is null."""
        metrics = {k: v if math.isfinite(v) else None for k, v in self.metrics.items()}
        content = asdict(self) | {"metrics": metrics}
        return json.dumps(content, indent=2, sort_keys=True, allow_nan=False)

    def tags(self) -> dict[str, str]:
        """Render as flat tags for the run and the registered version."""
        return {
            SOURCE_TAG: self.source,
            LAKE_TAG: self.lake,
            "goldrun.run_id": self.run_id,
            "goldrun.training_table": self.training_table,
            "goldrun.content_hash": self.content_hash,
            "goldrun.quality_run_id": self.quality_run_id,
            "goldrun.quality": self.quality.value,
            "goldrun.drift_run_id": self.drift_run_id,
            "goldrun.drift": self.drift.value,
            "goldrun.git.commit": self.git_commit,
            "goldrun.git.dirty": self.git_dirty,
        } | version_tags(self.table_versions)


def version_tags(versions: Mapping[str, int]) -> dict[str, str]:
    """Return tags with the Delta version of each table: ``delta.version.<layer>.<table>``."""
    return {f"{_VERSION}{t.replace('/', '.')}": str(v) for t, v in versions.items()}


def versions_in(tags: Mapping[str, str]) -> dict[str, int]:
    """Return the Delta versions from the result of ``version_tags``; other tags are ignored."""
    found = {k.removeprefix(_VERSION): v for k, v in tags.items() if k.startswith(_VERSION)}
    return {name.replace(".", "/", 1): int(v) for name, v in found.items() if v.isdecimal()}
