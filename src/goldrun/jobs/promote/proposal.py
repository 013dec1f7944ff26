"""A version that is proposed for promotion, and its comparison with champions."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from goldrun.contracts.criterion import Criterion
from goldrun.errors import ContractError, EvidenceError, MissingArtifactError, ModelFileError
from goldrun.io.tracking.runs import Champion
from goldrun.jobs.context import Context, log
from goldrun.jobs.promote.stored_evidence import read_evidence, version_named
from goldrun.learning.gate_settings import GateSettings, loosened
from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.consistency import incomparable, measured_otherwise, repeats
from goldrun.registry.evidence import Evidence
from goldrun.registry.history import best_version, looks, was_champion
from goldrun.registry.ledger import Entry

NOT_AS_REGISTERED = (EvidenceError, ModelFileError, MissingArtifactError, ContractError)
"""Errors of a version whose evidence or files are missing, changed, or not to be loaded."""
_DELETED = "version {}, the best champion so far, was deleted: nothing shows it not worse"


@dataclass(frozen=True)
class Proposal:
    """A registered version for the gate to decide on.

    Attributes:
        model: Name of the model, such as ``churn``.
        evidence: Evidence of the version.
        criteria: Conditions on its metrics.
        drift_policy: Effect of failed drift.
        compare: Takes a champion and the number of earlier looks at the test rows; loads the
            champion and compares both on the test rows of the version.
        gate: Thresholds of the gate. By its rule ``not_worse`` a version is compared with the best
            champion so far; otherwise with the champion.
        settings_hash: SHA-256 of the model's TOML file now; not compared when empty.
    """

    model: str
    evidence: Evidence
    criteria: tuple[Criterion, ...]
    drift_policy: Literal["warn", "block"]
    compare: Callable[[Champion, int], HeadToHead]
    gate: GateSettings = field(default_factory=GateSettings)
    settings_hash: str = ""


@dataclass(frozen=True)
class Comparison:
    """A comparison with a champion, or why there is none.

    Attributes:
        compared: The comparison.
        problems: Why it is not possible.
        repeats: How the version repeats the champion's training; empty if it does not.
        warnings: Thresholds of the gate that are looser than the champion's.
    """

    compared: HeadToHead | None = None
    problems: tuple[str, ...] = ()
    repeats: str = ""
    warnings: tuple[str, ...] = ()


def compare(
    ctx: Context, proposal: Proposal, champion: int | None, entries: Sequence[Entry]
) -> Comparison:
    """Compare a version with the champion, or find out why that is not possible.

    By the rule ``not_worse`` its lead is over the best champion so far; test dates, limits and
    thresholds are compared with those of the current champion too.

    Args:
        ctx: The context.
        proposal: The version.
        champion: Version that is champion; None if none is.
        entries: The model's entries.
    """
    best = best_version(entries) if proposal.gate.rule == "not_worse" else None
    others = [number for number in dict.fromkeys((best, champion)) if number is not None]
    if not others:
        return Comparison()
    rivals: list[Champion] = []
    for number in others:
        rival = version_named(ctx, proposal.evidence.model, number)
        if rival is None:
            return Comparison(problems=(_DELETED.format(number),))
        rivals.append(rival)
    warnings: list[str] = []
    try:
        for rival in rivals:
            found = _beside(ctx, proposal, rival, entries)
            warnings += found.warnings
            if found.problems or found.repeats:
                return replace(found, warnings=tuple(warnings))
        compared = _measured(proposal, rivals[0], entries)
    except NOT_AS_REGISTERED as error:
        log.warning("    %s", error)
        compared = Comparison(problems=(f"it can't be compared with the champion: {error}",))
    return replace(compared, warnings=tuple(dict.fromkeys(warnings)))


def _beside(
    ctx: Context, proposal: Proposal, rival: Champion, entries: Sequence[Entry]
) -> Comparison:
    """Compare the evidence of a version with that of one that is or was champion."""
    mine = proposal.evidence
    entry = was_champion(entries, rival.version)
    # A version of an older goldrun that a person adopted has no evidence to compare.
    if entry is not None and entry.evidence is None:
        return Comparison()
    theirs = read_evidence(ctx, rival, entry.evidence if entry else None)
    now = proposal.gate.model_dump(mode="json")
    looser = loosened(now, theirs.gate, f"for champion version {rival.version}")
    return Comparison(
        problems=tuple(incomparable(mine, theirs)),
        repeats=repeats(mine, theirs),
        warnings=tuple(looser),
    )


def _measured(proposal: Proposal, rival: Champion, entries: Sequence[Entry]) -> Comparison:
    """Measure a version and one that is or was champion on the same rows."""
    mine = proposal.evidence
    earlier = looks(entries, mine.test_origin) if mine.test_origin else 0
    found = proposal.compare(rival, earlier)
    return Comparison(found, tuple(measured_otherwise(mine, found)))


def changed_since(proposal: Proposal) -> list[str]:
    """Describe how the settings that decide differ from those that the version was trained with."""
    evidence = proposal.evidence
    now = proposal.gate.model_dump(mode="json")
    found = loosened(now, evidence.gate, "when it was trained")
    if not found and proposal.settings_hash not in ("", evidence.settings_hash):
        found.append("the settings of the model have changed since it was trained")
    return found
