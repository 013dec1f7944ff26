"""The evidence of each version that was champion, as a part of the page."""

import math
from collections.abc import Iterator, Mapping

from goldrun.jobs.audit.audited import AuditedModel
from goldrun.jobs.audit.markup import Markup, badge, code, element, facts, lines, row, short, table
from goldrun.registry.audit_versions import evidence_of
from goldrun.registry.evidence import Evidence
from goldrun.registry.history import was_champion
from goldrun.registry.ledger import Entry, State

_BOUNDS = ("_low", "_high")


def evidence_section(model: AuditedModel) -> Markup:
    """Return one block for each version that was champion, that of the current one open."""
    entries = model.record.entries
    versions = {e.to_version for e in entries if e.state == State.DONE}
    current = model.champion.to_version if model.champion else None
    blocks = [
        _block(model, entry, is_open=version == current)
        for version in sorted(versions, reverse=True)
        if (entry := was_champion(entries, version))
    ]
    return element("div", element("h3", "Evidence of the champions"), *blocks)


def _block(model: AuditedModel, entry: Entry, *, is_open: bool) -> Markup:
    evidence = evidence_of(model.record, entry)
    summary = element("summary", f"Version {entry.to_version}")
    attributes = {"open": ""} if is_open else {}
    if evidence is None:
        why = "It has none." if entry.evidence is None else "It is missing, or has changed."
        return element("details", summary, element("p", why), **attributes)
    return element("details", summary, *_parts(evidence, entry), **attributes)


def _parts(evidence: Evidence, entry: Entry) -> Iterator[Markup]:
    yield facts(
        [
            ("SHA-256 of evidence.json", code(str(entry.evidence))),
            ("Training run", short(entry.training_run)),
            ("Checksum of the model's files", code(entry.checksum or "none")),
            ("As of", evidence.as_of),
            ("Training rows", f"{evidence.training_rows:,} of {len(evidence.origins)} dates"),
            ("Test rows", f"{evidence.test_rows:,} of {evidence.test_origin or 'no date'}"),
            ("Data quality", _measured(evidence.quality, evidence.quality_limits)),
            ("Feature drift", _measured(evidence.drift, evidence.drift_limits)),
            ("Code", lines([short(evidence.git_commit), _dirty(evidence)])),
            ("Locked requirements", short(evidence.lock_hash)),
            ("Python", evidence.python),
        ]
    )
    yield element("h3", "Conditions")
    yield element("p", "; ".join(evidence.criteria) or "none")
    yield element("h3", "Metrics on the test rows")
    yield _metrics(evidence)
    if entry.comparison:
        yield element("h3", f"Comparison with version {entry.compared_with}")
        yield facts([(name, number(value)) for name, value in intervals(entry.comparison).items()])
    yield element("h3", "Tables that it was trained from")
    yield _tables(evidence)


def _measured(verdict: str, limits: Mapping[str, float]) -> Markup:
    said = ", ".join(f"{name} {value:g}" for name, value in sorted(limits.items()))
    return lines([badge(verdict, verdict), said])


def _dirty(evidence: Evidence) -> str:
    return {"false": "", "true": "with uncommitted changes"}.get(evidence.git_dirty, "unknown")


def _metrics(evidence: Evidence) -> Markup:
    """Return one row a metric, with the model and each baseline beside each other."""
    shown = intervals(evidence.metrics)
    # Of a baseline also what the model itself does not have: how far the model is above it.
    names = sorted({name.rpartition(".")[2] for name in shown})
    header = ["metric", "model", *(each.replace("_", " ") for each in evidence.baselines)]
    rows = [
        row(
            name,
            number(shown.get(name, ())),
            *(number(shown.get(f"{each}.{name}", ())) for each in evidence.baselines),
        )
        for name in names
    ]
    return table(header, rows)


Shown = tuple[float | None, ...]
"""A value, or a value with the bounds of its interval; empty for none."""


def intervals(metrics: Mapping[str, float | None]) -> dict[str, Shown]:
    """Return each metric with its bounds, which are metrics with ``_low`` and ``_high``."""
    found: dict[str, Shown] = {}
    for name, value in sorted(metrics.items()):
        if any(name.endswith(b) and name.removesuffix(b) in metrics for b in _BOUNDS):
            continue
        bounds = [metrics[f"{name}{b}"] for b in _BOUNDS if f"{name}{b}" in metrics]
        found[name] = (value, *bounds) if len(bounds) == len(_BOUNDS) else (value,)
    return found


def number(shown: Shown) -> str:
    """Return a value with its interval as text."""
    texts = [_digits(value) for value in shown]
    return f"{texts[0]} [{texts[1]}, {texts[2]}]" if len(texts) == 3 else "".join(texts)


def _digits(value: object) -> str:
    if not isinstance(value, int | float) or not math.isfinite(value):
        return "unknown" if value is None else str(value)
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) > 1 else f"{value:.4f}"


def _tables(evidence: Evidence) -> Markup:
    rows = [
        row(
            code(name),
            version,
            evidence.quality_versions.get(name, "-"),
            evidence.drift_versions.get(name, "-"),
            short(evidence.table_ids.get(name)),
        )
        for name, version in sorted(evidence.table_versions.items())
    ]
    return table(["table", "trained", "quality measured", "drift measured", "Delta id"], rows)
