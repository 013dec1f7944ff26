"""Measure the data quality of the lake and record it: rules, nulls, and each record's fate."""

from dataclasses import replace

import pandas as pd
from pyspark.sql import DataFrame

from goldrun.contracts import lineage
from goldrun.contracts.entities import CUSTOMERS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.ops import QUALITY_METRICS
from goldrun.jobs.context import Context, log, step
from goldrun.jobs.names import DATA_QUALITY
from goldrun.jobs.refine.silver import accounts
from goldrun.medallion.unique_keys import keys_not_unique
from goldrun.monitoring.after_the_end import transactions_after_the_end
from goldrun.monitoring.quality import QualityReport, evaluate_quality, null_rates, rule_counts
from goldrun.monitoring.quality_plots import failures_by_rule, fates
from goldrun.monitoring.quality_plots import null_rates as null_rates_plot
from goldrun.registry.evidence import version_tags

_TRANSACTIONS = "transactions"


def measure(ctx: Context) -> QualityReport:
    """Measure the data quality of the lake's current tables."""
    with step("quality: rules, nulls, accounting"):
        # Before they are read: a change meanwhile makes them differ from those that train.
        versions = ctx.lake.versions(input_tables(ctx))
        counted = accounts(ctx)
        rules, nulls = [], []
        quarantine = ctx.lake.read(lineage.QUARANTINE.name)
        has_warned = ctx.lake.exists(lineage.WARNED.name)
        warned = ctx.lake.read(lineage.WARNED.name) if has_warned else None
        silver = {entity: ctx.lake.read(ENTITIES[entity].name) for entity in counted}
        for entity, account in counted.items():
            rows, table = silver[entity], ctx.source.contract(entity)
            counts = account.records, silver, warned
            rules.append(rule_counts(quarantine, rows, entity, table, *counts))
            nulls.append(null_rates(rows, table))
        if "customers" not in counted:
            nulls.append(null_rates(ctx.lake.read(CUSTOMERS.name), CUSTOMERS))
        report = evaluate_quality(
            pd.concat(rules, ignore_index=True),
            # An empty table has no rates, and pandas warns about frames without rows.
            pd.concat([each for each in nulls if len(each)] or nulls, ignore_index=True),
            counted,
            ctx.source.max_reject_share,
            _keys_not_unique(ctx, quarantine),
        )
        after = transactions_after_the_end(silver[_TRANSACTIONS], ctx.source.zone)
        report = replace(report, after_the_end=after, table_versions=versions)
    for check in report.checks:
        log.info("    %-7s %s (%s)", check.verdict.upper(), check.name, check.detail)
    return report


def _keys_not_unique(ctx: Context, quarantine: DataFrame) -> dict[str, str]:
    """Describe the keys that are not unique, by entity."""
    found = {}
    for entity in ctx.source.with_files:
        bronze = ctx.lake.read(lineage.bronze_table(entity).name)
        described = keys_not_unique(quarantine, bronze, ctx.source, entity)
        if described is not None:
            found[entity] = described
    return found


def record(ctx: Context, report: QualityReport) -> None:
    """Log a report to the active run and append it to ``ops/quality_metrics``."""
    tracker = ctx.tracker
    tracker.log_metrics(report.metrics())
    tracker.set_tags({"goldrun.verdict": report.verdict.value})
    tracker.set_tags(version_tags(report.table_versions))
    tracker.log_table(report.rules, "tables/rules.csv")
    tracker.log_table(report.null_rates, "tables/null_rates.csv")
    tracker.log_table(report.accounting_table(), "tables/accounting.csv")
    checks = [(c.name, c.verdict.value, c.detail) for c in report.checks]
    tracker.log_table(pd.DataFrame(checks, columns=["check", "verdict", "detail"]), "verdict.csv")
    tracker.log_figure(failures_by_rule(report.rules), "plots/failures_by_rule.png")
    tracker.log_figure(null_rates_plot(report.null_rates), "plots/null_rates.png")
    for entity, account in report.accounts.items():
        tracker.log_figure(fates(account.fates), f"plots/fates_of_{entity}.png")
    rows = [
        (ctx.tracker.run_id, ctx.now, name, value, report.verdict.value)
        for name, value in report.metrics().items()
    ]
    with ctx.lake.writing(QUALITY_METRICS.name):
        ctx.lake.append(QUALITY_METRICS, ctx.lake.frame(QUALITY_METRICS, rows))


def run_nested(ctx: Context, report: QualityReport) -> str:
    """Record a report as the run ``data_quality`` under the active training run; return its id."""
    with ctx.tracker.child_run(DATA_QUALITY) as run_id:
        record(ctx, report)
    return run_id


def input_tables(ctx: Context) -> list[str]:
    """Return the names of all bronze and silver tables of the source's entities."""
    names = [CUSTOMERS.name, lineage.DUPLICATES.name, lineage.QUARANTINE.name]
    for entity in ctx.source.with_files:
        table = ENTITIES[entity]
        names += [lineage.bronze_table(entity).name, table.name, lineage.history_table(table).name]
    return sorted(set(names))
