"""The evidence for a promotion: ``evidence.json`` of the training run, and its tags."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Annotated, Any, ClassVar

from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from goldrun.contracts.verdict import Verdict
from goldrun.contracts.version_tags import PENDING, STATUS
from goldrun.registry.owner import LAKE_TAG, SOURCE_TAG

FILE = "evidence.json"
"""Artifact of the training run."""
HASH_TAG = "goldrun.evidence"
"""Tag of the version and of the run: SHA-256 of ``evidence.json``."""
SCHEMA_URL = "docs/reference/evidence.schema.json"
_VERSION = "delta.version."
_SHA256 = "^[0-9a-f]{64}$"

Text = Annotated[str, Field(min_length=1)]
Hash = Annotated[str, Field(pattern=_SHA256)]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
DeltaVersion = Annotated[int, Field(ge=0)]
Count = Annotated[int, Field(ge=0)]


@dataclass(frozen=True)
class TrainedOn:
    """Rows and tables that a model was trained and tested on.

    Attributes:
        as_of: Date that the model is measured at, as 2011-09-10.
        origins: Dates of the training rows.
        test_origin: Date of the test rows; None for a model that is measured on its training rows.
        last_label_day: Day after the last one that a training label depends on; None for a model
            without labels.
        label: The label with its horizon; None for a model without labels.
        table_versions: Delta version of every table that the model depends on, 0 included.
        table_ids: Delta id of each of these tables: a version means nothing in another table.
        gold_versions: Version of each silver table that gold was computed from.
        content_hash: SHA-256 of the training frame.
        training_rows: Rows of the training frame.
        test_hash: SHA-256 of the test frame; None if there is none.
        test_rows: Rows of the test frame; 0 if there is none.
        rules: Fingerprint of the rules and settings that an entity's records were accepted under.
    """

    as_of: Day
    origins: tuple[Day, ...]
    test_origin: Day | None
    last_label_day: Day | None
    label: str | None
    table_versions: Mapping[str, DeltaVersion]
    table_ids: Mapping[str, Text]
    gold_versions: Mapping[str, DeltaVersion]
    content_hash: Hash
    training_rows: Count
    test_hash: Hash | None
    test_rows: Count
    rules: Mapping[str, str]


@dataclass(frozen=True)
class Evidence(TrainedOn):
    """The evidence of one registered version; what it was trained on is inherited.

    Attributes:
        model: Registered name.
        version: Number of the version; 0 before it is registered, which is not stored.
        checksum: Checksum of the model's files; empty before the model is stored.
        files: SHA-256 of each file of the model.
        source: Name of the source that the model belongs to.
        lake: Delta id of the lake's ``bronze/transactions``.
        run_id: Training run.
        training_table: Table that the training frame was read from.
        quality_run_id: Run that measured data quality.
        quality: Verdict of data quality.
        quality_versions: Delta version of each table that quality was measured on.
        quality_limits: Limits of the source for the verdict.
        drift_run_id: Run that measured feature drift.
        drift: Verdict of feature drift.
        drift_versions: Delta version of each table that drift was measured on.
        drift_limits: Limits of the model for the verdict.
        metrics: Scores of the model and its baselines on the test rows, with intervals; null if
            one is not finite.
        baselines: Names of the baselines.
        criteria: The conditions on the metrics.
        settings: Settings and parameters of the trained estimator.
        settings_hash: SHA-256 of the model's TOML file.
        gate: Thresholds of the gate.
        git_commit: Commit of the code, or ``unknown``.
        git_dirty: Whether the tree had uncommitted changes; ``unknown`` outside a repository.
        lock_hash: SHA-256 of the locked requirements, or ``unknown``.
        python: Version of Python.
        libraries: Versions of the libraries that a model depends on.
    """

    __pydantic_config__: ClassVar = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)

    model: Text
    version: Annotated[int, Field(ge=1)]
    checksum: Hash
    files: Mapping[str, Hash]
    source: Text
    lake: Text
    run_id: Text
    training_table: Text
    quality_run_id: Text
    quality: Verdict
    quality_versions: Mapping[str, DeltaVersion]
    quality_limits: Mapping[str, float]
    drift_run_id: Text
    drift: Verdict
    drift_versions: Mapping[str, DeltaVersion]
    drift_limits: Mapping[str, float]
    metrics: Mapping[str, float | None]
    baselines: tuple[str, ...]
    criteria: tuple[str, ...]
    settings: Mapping[str, Any]
    settings_hash: Hash
    gate: Mapping[str, Any]
    git_commit: Text
    git_dirty: Text
    lock_hash: Text
    python: Text
    libraries: Mapping[str, str]

    def to_json(self) -> str:
        """Render as JSON with sorted keys; a number that is not finite is null.

        Raises:
            ValueError: A value is not what the schema allows.
        """
        metrics = {k: v if _is_finite(v) else None for k, v in self.metrics.items()}
        # Read back, so that what was read is rendered with the same text, and has the same hash.
        return _dumps(asdict(Evidence.from_json(_dumps(asdict(self) | {"metrics": metrics}))))

    @classmethod
    def from_json(cls, text: str) -> "Evidence":
        """Read and validate the text of ``evidence.json``.

        Raises:
            ValueError: It is not what the schema allows; the message names the first value.
        """
        try:
            return _ADAPTER.validate_json(text)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(map(str, first["loc"])) or "the text"
            raise ValueError(f"{where}: {first['msg']}") from error

    def registered_tags(self) -> dict[str, str]:
        """Return the tags that a version is registered with: the registry page shows few."""
        return {SOURCE_TAG: self.source, LAKE_TAG: self.lake, STATUS: PENDING}

    def tags(self) -> dict[str, str]:
        """Render as flat tags of the training run."""
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


_ADAPTER = TypeAdapter(Evidence)


def _dumps(content: object) -> str:
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False, default=str)


def hash_of(text: str) -> str:
    """Return the SHA-256 of the text of ``evidence.json``."""
    return hashlib.sha256(text.encode()).hexdigest()


def schema() -> str:
    """Return the JSON schema of ``evidence.json``."""
    found = _ADAPTER.json_schema()
    found["title"] = "Evidence of a registered version"
    found["description"] = "Written by goldrun as evidence.json into each training run."
    return json.dumps(found, indent=2, sort_keys=True) + "\n"


def version_tags(versions: Mapping[str, int]) -> dict[str, str]:
    """Return tags with the Delta version of each table: ``delta.version.<layer>.<table>``."""
    return {f"{_VERSION}{t.replace('/', '.')}": str(v) for t, v in versions.items()}


def versions_in(tags: Mapping[str, str]) -> dict[str, int]:
    """Return the Delta versions from the result of ``version_tags``; other tags are ignored."""
    found = {k.removeprefix(_VERSION): v for k, v in tags.items() if k.startswith(_VERSION)}
    return {name.replace(".", "/", 1): int(v) for name, v in found.items() if v.isdecimal()}


def _is_finite(value: float | None) -> bool:
    return value is not None and math.isfinite(value)
