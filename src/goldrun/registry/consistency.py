"""Whether the evidence of a version fits together, its registered version, and the champion's."""

import math
from collections.abc import Mapping

from goldrun.learning.head_to_head import HeadToHead
from goldrun.registry.evidence import Evidence

_TRAIN_AGAIN = "train again"


def contradictions(evidence: Evidence) -> list[str]:
    """Return where the parts of one version's evidence contradict each other.

    Quality and drift count only for the table versions that trained, and gold only if it had
    the silver versions that were measured.
    """
    trained = evidence.table_versions
    found = [
        *_differences("data quality was measured on", evidence.quality_versions, trained),
        *_differences("feature drift was measured on", evidence.drift_versions, trained),
        *_differences("gold was computed from", evidence.gold_versions, trained),
    ]
    if not evidence.quality_versions:
        found.append("the tables that data quality was measured on are unknown")
    if not evidence.drift_versions:
        found.append("the tables that feature drift was measured on are unknown")
    if not evidence.gold_versions:
        found.append("the silver versions that gold was computed from are unknown")
    if without := sorted(set(trained) - set(evidence.table_ids)):
        found.append(f"the id of {', '.join(without)} is unknown")
    if (last := evidence.last_label_day) and evidence.test_origin and last > evidence.test_origin:
        found.append(f"training labels reach to {last}, after the test date {evidence.test_origin}")
    return found


def _differences(what: str, measured: Mapping[str, int], trained: Mapping[str, int]) -> list[str]:
    return [
        f"{what} version {version} of {table}, and trained on {_version(trained.get(table))}: "
        f"{_TRAIN_AGAIN}"
        for table, version in sorted(measured.items())
        if trained.get(table) != version
    ]


def _version(number: int | None) -> str:
    return "none" if number is None else f"version {number}"


def unbound(evidence: Evidence, name: str, version: int, checksum: str | None) -> list[str]:
    """Return where evidence is not that of a registered version.

    A version that was copied in the registry has all tags of the original; its name, its number or
    its files differ from those in the evidence.

    Args:
        evidence: The evidence of the version's run.
        name: Registered name of the version.
        version: Its number.
        checksum: Checksum of its files as its tag has it; None if there is no tag.
    """
    found = []
    if (evidence.model, evidence.version) != (name, version):
        found.append(
            f"the evidence is of {evidence.model} version {evidence.version}, not of {name} "
            f"version {version}"
        )
    if evidence.checksum != checksum:
        found.append("the evidence is of other model files than those of the version")
    return found


def incomparable(challenger: Evidence, champion: Evidence) -> list[str]:
    """Return why two versions can't be compared on the challenger's test rows; empty if they can.

    The test rows must begin at or after the last day that a label of either depends on, and not
    before the champion's own test rows: an older test date is one that the champion may have been
    chosen on. Thresholds must not be looser than those the champion was promoted under.
    """
    found = []
    theirs = f"champion version {champion.version}"
    if challenger.lake != champion.lake or _other_tables(challenger, champion):
        found.append(f"{theirs} was trained on other tables")
    if challenger.label != champion.label:
        found.append(
            f"it predicts {challenger.label or 'no label'}, and {theirs} "
            f"{champion.label or 'no label'}"
        )
    test = challenger.test_origin
    if test and champion.test_origin and test < champion.test_origin:
        found.append(
            f"its test date {test} is before that of {theirs}, {champion.test_origin}: train with "
            "a newer as_of"
        )
    if test and champion.last_label_day and test < champion.last_label_day:
        found.append(
            f"its test date {test} is before {champion.last_label_day}, up to which labels trained "
            f"{theirs}: train with a newer as_of"
        )
    return found + _loosened(challenger, champion)


def _other_tables(challenger: Evidence, champion: Evidence) -> bool:
    mine, theirs = challenger.table_ids, champion.table_ids
    both = set(mine) & set(theirs)
    return not both or any(mine[table] != theirs[table] for table in both if _is_raw(table))


def _is_raw(table: str) -> bool:
    """Whether a table is of bronze; the others can be computed anew from it, with new ids."""
    return table.startswith("bronze/")


def _loosened(challenger: Evidence, champion: Evidence) -> list[str]:
    """Return the thresholds that are looser than the champion's."""
    found = []
    limits = [
        (challenger.quality_limits, champion.quality_limits),
        (challenger.drift_limits, champion.drift_limits),
    ]
    for mine, theirs in limits:
        for name, value in sorted(theirs.items()):
            now = mine.get(name)
            if now is None or now > value:
                found.append(
                    f"{name} was {value:g} for champion version {champion.version} and is "
                    f"{'not recorded' if now is None else f'{now:g}'}: a looser limit needs "
                    "force=true and a reason"
                )
    return found


def repeats(challenger: Evidence, champion: Evidence) -> str:
    """Return the reason to refuse a version that repeats the champion's training; else empty."""
    same = ("content_hash", "test_hash", "settings")
    if any(getattr(challenger, name) != getattr(champion, name) for name in same):
        return ""
    return (
        f"it is trained and tested on the same rows with the same settings as champion version "
        f"{champion.version}"
    )


def measured_otherwise(evidence: Evidence, found: HeadToHead) -> list[str]:
    """Return how a new measurement on the same rows differs from the evidence; empty if none does.

    Args:
        evidence: Evidence of the version.
        found: Its comparison with a champion, for which it was measured again.
    """
    recorded = evidence.metrics.get(found.metric)
    if recorded is not None and math.isclose(recorded, found.challenger, abs_tol=1e-9):
        return []
    return [
        f"{found.metric} is {recorded} in its evidence, and {found.challenger:.6f} when it is "
        "measured again on the same rows"
    ]
