"""Measure data quality of stored tables: broken rules, nulls, and each record's fate."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons, warn_reasons
from goldrun.contracts.table import Reference, Severity, Table
from goldrun.contracts.verdict import Verdict, worst
from goldrun.medallion.accounting import DUPLICATE, FATES, Accounting
from goldrun.medallion.quarantine import OPEN
from goldrun.medallion.references import dangling

RULE_COLUMNS = ["entity", "rule", "severity", "checked", "passed", "failed", "description"]
_RULE = "rule"
_OF_EARLIER_CONTRACT = "a rule of an earlier contract: run silver with replay=true or remap=true"


@dataclass(frozen=True)
class Check:
    """One quality check: its name, its verdict, and the numbers that decide it."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True)
class QualityReport:
    """Data quality of a lake's silver tables.

    Attributes:
        rules: One row a rule, with ``RULE_COLUMNS``; counts are numbers of records.
        null_rates: One row a column: ``table, column, rows, nulls, null_rate`` (0 to 1).
        accounts: Accounting of each entity with files.
        checks: Checks that decide the verdict.
        after_the_end: Number of transactions by day after the observed end; they have no effect
            on the verdict, as features and labels leave them out.
        table_versions: Delta version of each table that was measured.
    """

    rules: pd.DataFrame
    null_rates: pd.DataFrame
    accounts: dict[str, Accounting]
    checks: tuple[Check, ...]
    after_the_end: Mapping[date, int] = field(default_factory=dict)
    table_versions: Mapping[str, int] = field(default_factory=dict)

    @property
    def verdict(self) -> Verdict:
        """The worst verdict of the checks."""
        return worst(check.verdict for check in self.checks)

    def metrics(self) -> dict[str, float]:
        """Return metrics for an MLflow run: counts by rule and fate, null rates by column."""
        numbers: dict[str, float] = {}
        for row in self.rules.itertuples():
            for count in ("checked", "passed", "failed"):
                numbers[f"{row.entity}.{row.rule}.{count}"] = float(getattr(row, count))
        for entity, account in self.accounts.items():
            counts = {"records": account.records, **account.fates}
            counts |= {"lost": account.lost, "doubled": account.doubled, "stray": account.stray}
            numbers |= {f"{entity}.{name}": float(n) for name, n in counts.items()}
            numbers[f"{entity}.duplicate_share"] = _share(account.fates[DUPLICATE], account.records)
            numbers[f"{entity}.reject_share"] = account.reject_share
        numbers["transactions.after_the_end"] = float(sum(self.after_the_end.values()))
        numbers["transactions.days_after_the_end"] = float(len(self.after_the_end))
        for row in self.null_rates.itertuples():
            numbers[f"{row.table}.{row.column}.null_rate"] = float(str(row.null_rate))
        return numbers

    def accounting_table(self) -> pd.DataFrame:
        """Return one row an entity and fate: ``entity, fate, records, share`` (0 to 1)."""
        return pd.DataFrame(
            [
                (entity, fate, account.fates[fate], _share(account.fates[fate], account.records))
                for entity, account in self.accounts.items()
                for fate in FATES
            ],
            columns=["entity", "fate", "records", "share"],
        )


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0


def rule_counts(
    quarantine: DataFrame,
    silver: DataFrame,
    entity: str,
    table: Table,
    records: int,
    parents: Mapping[str, DataFrame],
    warned: DataFrame | None = None,
) -> pd.DataFrame:
    """Count the records that pass and fail each rule of an entity.

    Failures of rejecting rules are open quarantine rows, out of all records. Warning rules are
    checked on silver rows, and warning references on silver rows with a non-null reference; emptied
    values are those of silver rows. A record that breaks several rules is counted for each of them.
    A reason in quarantine that the contract does not have any more has a row too.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        silver: Rows of ``silver/<entity>``.
        entity: Name of the entity.
        table: Contract of the entity.
        records: Number of the entity's records in bronze.
        parents: Silver rows by entity, of the entities that the shop has files for.
        warned: Rows of ``silver/warnings``; None if the lake has none.

    Returns:
        One row for each rule, failed or not, with ``RULE_COLUMNS``.
    """
    rejected = quarantine.where((F.col(lineage.ENTITY) == entity) & (F.col(lineage.STATE) == OPEN))
    failed = _by_name(rejected, lineage.REASONS)
    reasons = reject_reasons(table)
    reasons |= {name: _OF_EARLIER_CONTRACT for name in failed if name not in reasons}
    rows = [
        (entity, name, Severity.REJECT.value, records, failed.get(name, 0), description)
        for name, description in reasons.items()
    ]
    warnings = table.rules_of(Severity.WARN)
    checked, *broken = silver.agg(
        F.count("*"), *[F.count_if(~F.expr(rule.holds)) for rule in warnings]
    ).collect()[0]
    warns = dict(zip((rule.name for rule in warnings), broken, strict=True))
    if warned is not None:
        stored = warned.join(silver.select(lineage.RECORD_ID), lineage.RECORD_ID, "left_semi")
        warns |= _by_name(stored, lineage.WARNINGS)
    rows += [
        (entity, name, Severity.WARN.value, checked, warns.get(name, 0), description)
        for name, description in warn_reasons(table).items()
    ]
    rows += [
        (entity, reference.name, Severity.WARN.value, *counts, reference.description)
        for reference in table.references
        if reference.severity is Severity.WARN and reference.entity in parents
        for counts in [_reference_counts(silver, reference, parents[reference.entity])]
    ]
    frame = pd.DataFrame(
        rows, columns=["entity", "rule", "severity", "checked", "failed", "description"]
    )
    frame["passed"] = frame["checked"] - frame["failed"]
    return frame[RULE_COLUMNS]


def _by_name(rows: DataFrame, names: str) -> dict[str, int]:
    """Count rows by each of the names in an array."""
    counted = rows.select(F.explode(names).alias(_RULE)).groupBy(_RULE).count().collect()
    return {row[_RULE]: int(row["count"]) for row in counted}


def _reference_counts(
    silver: DataFrame, reference: Reference, parent: DataFrame
) -> tuple[int, int]:
    """Return the number of rows with a non-null reference, and of those without a parent row."""
    referring = silver.where(F.col(reference.column).isNotNull()).select(reference.column)
    return referring.count(), dangling(referring, reference, parent).count()


def null_rates(rows: DataFrame, table: Table) -> pd.DataFrame:
    """Compute the share of nulls of each column of a table.

    Returns:
        One row a column: ``table, column, rows, nulls, null_rate`` (0 to 1); none for an empty
        table.
    """
    counts = rows.agg(
        F.count("*"), *[F.count_if(F.col(c.name).isNull()) for c in table.columns]
    ).collect()[0]
    total = counts[0]
    return pd.DataFrame(
        [
            (table.name.split("/")[1], c.name, total, nulls, nulls / total if total else None)
            for c, nulls in zip(table.columns, counts[1:], strict=True)
        ],
        columns=["table", "column", "rows", "nulls", "null_rate"],
    ).dropna(subset="null_rate")


def evaluate_quality(
    rules: pd.DataFrame,
    nulls: pd.DataFrame,
    accounts: Mapping[str, Accounting],
    max_reject_share: float,
    not_unique: Mapping[str, str] | None = None,
) -> QualityReport:
    """Evaluate quality checks on the counts.

    For each entity, each record must have exactly one fate, the share of quarantined records must
    be at most ``max_reject_share``, and no key of a versioned entity may have several contents
    within one file. Without records a check is unknown, as is a report without entities.

    Args:
        rules: Result of ``rule_counts`` of all entities.
        nulls: Result of ``null_rates`` of all tables.
        accounts: Accounting by entity.
        max_reject_share: Largest share of quarantined records, 0 to 1.
        not_unique: Description of keys with several contents within one file, by entity.
    """
    checks = []
    for entity, account in accounts.items():
        open_ends = f"{account.lost} lost, {account.doubled} doubled, {account.stray} stray"
        closed = Verdict.PASS if account.closed else Verdict.FAIL
        share = account.reject_share
        within = Verdict.PASS if share <= max_reject_share else Verdict.FAIL
        if not account.records:
            closed = within = Verdict.UNKNOWN
        checks += [
            Check(f"{entity}: every record has one fate", closed, open_ends),
            Check(
                f"{entity}: at most {max_reject_share:.0%} quarantined",
                within,
                f"{share:.1%} of {account.records:,} records",
            ),
        ]
        if entity in ENTITIES and ENTITIES[entity].versioned_by:
            checks.append(_unique_keys(entity, account.records, (not_unique or {}).get(entity)))
    return QualityReport(rules, nulls, dict(accounts), tuple(checks))


def _unique_keys(entity: str, records: int, found: str | None) -> Check:
    unique = Verdict.PASS if records else Verdict.UNKNOWN
    verdict = Verdict.FAIL if found else unique
    return Check(f"{entity}: keys are unique within a file", verdict, found or "all are")
