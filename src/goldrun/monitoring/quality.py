"""Data quality, counted on what was written: rules, duplicates, nulls and the accounting."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd
from pyspark.sql import DataFrame
from pyspark.sql import functions as F

from goldrun.contracts import lineage
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons
from goldrun.contracts.table import Reference, Severity, Table
from goldrun.contracts.verdict import Verdict, worst
from goldrun.medallion.accounting import DUPLICATE, FATES, Accounting
from goldrun.medallion.quarantine import OPEN
from goldrun.medallion.references import dangling

RULE_COLUMNS = ["entity", "rule", "severity", "checked", "passed", "failed", "description"]
_RULE = "rule"


@dataclass(frozen=True)
class Check:
    """One judged statement: what was asked, the verdict, and the numbers behind it."""

    name: str
    verdict: Verdict
    detail: str


@dataclass(frozen=True)
class QualityReport:
    """The state of a lake's silver tables.

    Attributes:
        rules: One row a rule: ``RULE_COLUMNS``; counts are records.
        null_rates: ``table, column, rows, nulls, null_rate`` (share, 0 to 1).
        accounts: Accounting of each entity that has files.
        checks: What the verdict rests on.
    """

    rules: pd.DataFrame
    null_rates: pd.DataFrame
    accounts: dict[str, Accounting]
    checks: tuple[Check, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the checks."""
        return worst(check.verdict for check in self.checks)

    def metrics(self) -> dict[str, float]:
        """Flat numbers for a run: per rule, per fate, per column."""
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
        for row in self.null_rates.itertuples():
            numbers[f"{row.table}.{row.column}.null_rate"] = float(str(row.null_rate))
        return numbers

    def accounting_table(self) -> pd.DataFrame:
        """One row an entity and fate: ``entity, fate, records, share``."""
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
) -> pd.DataFrame:
    """Count who kept and who broke each rule of an entity.

    Rejecting rules are counted in the open quarantine rows, over all records; warning rules on
    the silver rows, warning references on those that point somewhere. A record that breaks
    several rules counts for each.

    Args:
        quarantine: Rows of ``silver/quarantine``.
        silver: Rows of ``silver/<entity>``.
        entity: Name of the entity.
        table: Its contract.
        records: Records of the entity in bronze.
        parents: Silver rows of each entity that the shop has files for.

    Returns:
        One row a rule, broken or not: ``RULE_COLUMNS``.
    """
    refused = quarantine.where((F.col(lineage.ENTITY) == entity) & (F.col(lineage.STATE) == OPEN))
    counted = (
        refused.select(F.explode(lineage.REASONS).alias(_RULE)).groupBy(_RULE).count().collect()
    )
    failed = {row[_RULE]: int(row["count"]) for row in counted}
    rows = [
        (entity, name, Severity.REJECT.value, records, failed.get(name, 0), description)
        for name, description in reject_reasons(table).items()
    ]
    warnings = [rule for rule in table.rules if rule.severity is Severity.WARN]
    kept = silver.agg(
        F.count("*"), *[F.count_if(~F.expr(rule.holds)) for rule in warnings]
    ).collect()[0]
    rows += [
        (entity, rule.name, Severity.WARN.value, kept[0], broken, rule.description)
        for rule, broken in zip(warnings, kept[1:], strict=True)
    ]
    rows += [
        (entity, reference.name, Severity.WARN.value, *counts, reference.description)
        for reference in table.references
        if reference.severity is Severity.WARN and reference.entity in parents
        for counts in [_pointing(silver, reference, parents[reference.entity])]
    ]
    frame = pd.DataFrame(
        rows, columns=["entity", "rule", "severity", "checked", "failed", "description"]
    )
    frame["passed"] = frame["checked"] - frame["failed"]
    return frame[RULE_COLUMNS]


def _pointing(silver: DataFrame, reference: Reference, parent: DataFrame) -> tuple[int, int]:
    """Rows that point to a parent, and those of them that point to nothing."""
    pointing = silver.where(F.col(reference.column).isNotNull()).select(reference.column)
    return pointing.count(), dangling(pointing, reference, parent).count()


def null_rates(rows: DataFrame, table: Table) -> pd.DataFrame:
    """Share of nulls in each column of a table: ``table, column, rows, nulls, null_rate``."""
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
    """Judge the counts.

    The accounting must be closed, the share of quarantined records at most ``max_reject_share``,
    and no key of a versioned entity may have several contents within one file. An entity without
    a record, or none at all, is unknown.

    Args:
        rules: Result of ``rule_counts`` of all entities.
        nulls: Result of ``null_rates`` of all tables.
        accounts: Accounting by entity.
        max_reject_share: Largest share of quarantined records, 0 to 1.
        not_unique: By entity, which keys have several contents within one file.
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
