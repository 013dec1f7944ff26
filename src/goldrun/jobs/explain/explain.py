"""Find a record in the lake, and explain its mapping and its fate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.source import Source
from goldrun.contracts.table import Severity
from goldrun.errors import SettingsError, did_you_mean
from goldrun.io.delta.lake import Lake
from goldrun.jobs.refine.tables import read_fates
from goldrun.medallion import explanation
from goldrun.medallion.accounting import CURRENT, DUPLICATE, SUPERSEDED
from goldrun.medallion.bronze import check_one_source
from goldrun.medallion.explanation import Explanation
from goldrun.medallion.fates import Fates
from goldrun.medallion.quarantine import open_rows
from goldrun.medallion.references import dangling

PENDING = "pending"
"""Fate of a record that silver has not refined yet."""


@dataclass(frozen=True)
class Explained:
    """A record, its mapping by the current settings, and its fate in the lake.

    Attributes:
        entity: Name of the entity.
        record_id: Id of the record.
        file: Its file.
        row: Its row number in the file, from 1, if the file was read as one piece.
        ingested_at: When it was ingested, UTC.
        record: Its text by column; empty for a malformed line and for an erased record.
        malformed: The raw line if it is malformed, else None.
        mapping: How it is mapped now.
        fate: ``silver``, ``superseded``, ``duplicate``, ``pending``, or its state in quarantine.
        reasons: Reasons for which it is in quarantine, as they are stored.
        kept: Of a duplicate, id of the record that it repeats.
        rule: The rule that the record was found by; empty if it was found by its id.
    """

    entity: str
    record_id: str
    file: str
    row: int
    ingested_at: datetime
    record: Mapping[str, str | None]
    malformed: str | None
    mapping: Explanation
    fate: str
    reasons: Sequence[str]
    kept: str = ""
    rule: str = ""


def explain_record(lake: Lake, source: Source, record_id: str) -> Explained:
    """Explain the record with an id.

    Raises:
        SettingsError: The lake has no record with this id, or records of another source.
    """
    for entity in source.with_files:
        bronze = _bronze(lake, source, entity)
        record = bronze.where(F.col(lineage.RECORD_ID) == record_id).limit(1).localCheckpoint()
        if not record.isEmpty():
            return _explained(lake, source, entity, record)
    raise SettingsError(
        f"{lake.root} has no record {record_id!r} of {source.name}: give a record_id of "
        "silver/quarantine, such as the log of silver names, or give rule="
    )


def explain_rule(lake: Lake, source: Source, rule: str) -> Explained:
    """Explain the newest record that breaks a rule.

    Args:
        lake: The lake.
        source: The shop.
        rule: A reason of a rejection, or a rule that warns.

    Raises:
        SettingsError: No entity of the shop has the rule, or no record breaks it.
    """
    rules = {name for entity in source.with_files for name in _rules(source, entity)}
    if rule not in rules:
        raise SettingsError(
            f"--rule {rule!r}: no rule of {', '.join(source.with_files)} has this name"
            f"{did_you_mean(rule, rules)}; docs/data-model.md lists them"
        )
    for entity in source.with_files:
        if rule not in _rules(source, entity):
            continue
        bronze, broken = _bronze(lake, source, entity), _breaking(lake, source, entity, rule)
        newest = (F.col(lineage.INGESTED_AT).desc(), lineage.FILE, lineage.OFFSET)
        found = bronze.join(broken, lineage.RECORD_ID, "left_semi").orderBy(*newest).limit(1)
        record = found.localCheckpoint()
        if not record.isEmpty():
            return replace(_explained(lake, source, entity, record), rule=rule)
    raise SettingsError(f"no record in {lake.root} breaks {rule}: give another rule, or a record")


def _bronze(lake: Lake, source: Source, entity: str) -> DataFrame:
    bronze = lake.read(lineage.bronze_table(entity).name)
    check_one_source(bronze, source.name, lake.root)
    return bronze


def _rules(source: Source, entity: str) -> set[str]:
    table = source.contract(entity)
    references = [each.name for each in table.references if each.entity in source.with_files]
    return {*reject_reasons(table), *warn_reasons(table), *references}


def _breaking(lake: Lake, source: Source, entity: str, rule: str) -> DataFrame:
    """Return the ids of the records that break a rule, or have a value that it has emptied."""
    fates, table = read_fates(lake, entity), source.contract(entity)
    warnings = {each.name: each for each in table.rules_of(Severity.WARN)}
    if rule in warnings:
        return fates.silver.where(~F.expr(warnings[rule].holds)).select(lineage.RECORD_ID)
    references = {r.name: r for r in table.references if r.severity is Severity.WARN}
    if rule in references:
        parent = read_fates(lake, references[rule].entity).silver
        return dangling(fates.silver, references[rule], parent).select(lineage.RECORD_ID)
    if rule in reject_reasons(table):
        rows, names = open_rows(fates.quarantine), lineage.REASONS
    else:
        stored = fates.silver.select(lineage.RECORD_ID)
        rows = lake.read_or_empty(lineage.WARNED).join(stored, lineage.RECORD_ID, "left_semi")
        names = lineage.WARNINGS
    return rows.where(F.array_contains(names, rule)).select(lineage.RECORD_ID)


def _explained(lake: Lake, source: Source, entity: str, record: DataFrame) -> Explained:
    row = record.collect()[0]
    fate, reasons, kept = _fate(read_fates(lake, entity), row[lineage.RECORD_ID])
    return Explained(
        entity=entity,
        record_id=row[lineage.RECORD_ID],
        file=row[lineage.FILE],
        row=row[lineage.OFFSET] + 1,
        ingested_at=row[lineage.INGESTED_AT],
        record=dict(row[lineage.RECORD] or {}),
        malformed=row[lineage.MALFORMED],
        mapping=explanation.explain(record, source, entity),
        fate=fate,
        reasons=reasons,
        kept=kept,
    )


def _fate(fates: Fates, record_id: str) -> tuple[str, Sequence[str], str]:
    """Return a record's fate, its reasons and the id of the record that it repeats.

    A released record is in silver, its history or the duplicates too, which is its fate then.
    """

    def rows(of: DataFrame, *columns: str) -> list[tuple[object, ...]]:
        found = of.where(F.col(lineage.RECORD_ID) == record_id).select(*columns).limit(1)
        return [tuple(row) for row in found.collect()]

    if rows(fates.silver, lineage.RECORD_ID):
        return CURRENT, (), ""
    if rows(fates.history, lineage.RECORD_ID):
        return SUPERSEDED, (), ""
    if repeats := rows(fates.duplicates, lineage.KEPT_RECORD_ID):
        return DUPLICATE, (), str(repeats[0][0])
    stored = fates.quarantine.where(F.col(lineage.RECORD_ID) == record_id)
    for row in stored.select(lineage.STATE, lineage.REASONS).limit(1).collect():
        return row[lineage.STATE], list(row[lineage.REASONS] or ()), ""
    return PENDING, (), ""
