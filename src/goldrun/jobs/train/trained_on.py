"""What a training run was trained and tested on, for its evidence."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from goldrun.jobs.aggregate.progress import known_progress
from goldrun.jobs.context import Context
from goldrun.jobs.refine.mappings import current_fingerprint
from goldrun.jobs.train.inputs import Hashes, Inputs
from goldrun.learning.inputs import ModelSettings
from goldrun.learning.model import Frames, Labels, Model
from goldrun.registry.evidence import TrainedOn


def trained_on(
    ctx: Context,
    model: Model[Any, Any],
    settings: ModelSettings,
    inputs: Inputs,
    frames: Frames,
    hashes: Hashes,
) -> TrainedOn:
    """Collect dates, table versions and hashes of a training run."""
    origins, labels = inputs.origins, model.labels(settings)
    horizon = timedelta(days=labels.horizon_days) if labels else None
    return TrainedOn(
        as_of=str(origins.as_of),
        origins=tuple(map(str, origins.train)),
        test_origin=str(origins.test) if origins.test else None,
        last_label_day=str(origins.train[-1] + horizon) if horizon else None,
        label=label_text(labels),
        table_versions=dict(inputs.table_versions),
        table_ids=_ids(ctx, inputs.table_versions),
        gold_versions=_versions_in_gold(ctx, inputs.table_versions),
        content_hash=hashes.training,
        training_rows=len(frames.training),
        test_hash=hashes.test,
        test_rows=len(frames.test) if hashes.test else 0,
        rules={
            entity: current_fingerprint(ctx.source, entity, ctx.now).id
            for entity in ctx.source.with_files
        },
    )


def label_text(labels: Labels | None) -> str | None:
    """Describe a label with its horizon; None for a model without labels."""
    return f"{labels.column} within {labels.horizon_days} days" if labels else None


def _ids(ctx: Context, versions: Mapping[str, int]) -> dict[str, str]:
    found = {table: ctx.lake.origin(table) for table in versions}
    return {table: origin.id for table, origin in found.items() if origin}


def _versions_in_gold(ctx: Context, versions: Mapping[str, int]) -> dict[str, int]:
    """Return the silver versions that gold has.

    A newer version without a changed row, as after a compaction, is the one that gold has.
    """
    found = {}
    for table, recorded in known_progress(ctx).items():
        now = versions.get(table, recorded)
        same = now > recorded and ctx.lake.read_changes(table, recorded).isEmpty()
        found[table] = now if same else recorded
    return found
