"""The page ``docs/data-model.md``, computed from the contracts and the catalog of features."""

from collections.abc import Iterable, Sequence

from goldrun.contracts import lineage
from goldrun.contracts.gold import AS_OF, CHURN_SCORES, SEGMENTS
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import KEY_CONFLICT, reject_reasons, warn_reasons
from goldrun.contracts.table import Column, Standard, Table
from goldrun.contracts.uses import USES
from goldrun.features.catalog.feature_tables import (
    ACTIVITY,
    ALL_FEATURES,
    CUSTOMER_FEATURES,
    USER_FEATURES,
)
from goldrun.jobs.data_model import entity_diagram, markdown

COMMAND = "PYTHONPATH=src:. python pipelines/data_model.py"

_FORMS = {
    Standard.EMAIL: "address in lower case, Unicode normalised",
    Standard.PHONE: "E.164: `+`, country code, number",
    Standard.CURRENCY: "code in the list of ISO 4217, capitals",
    Standard.CATEGORY: "lower case, `_` between words",
}

_INTRODUCTION = f"""\
# Data model

Generated from the contracts in `src/goldrun/contracts/` and the catalog of features in
`src/goldrun/features/catalog/` by `make docs` (`{COMMAND}`): change
them, not this page.

Five entities are ingested as raw text into bronze, typed and checked in silver, and aggregated per
customer and day, and then as features, in gold.

- Times are UTC. A day is a calendar day of the source's `timezone` (of UTC where none is
  declared); `as_of` is the midnight at which that date begins there.
- Durations and response times are **in seconds**, money is decimal in the shop's currency.
- A row that breaks something of severity **reject** goes to `silver/quarantine` with its reasons;
  one that breaks something of severity **warn** stays and is counted.
- A condition that is null because a value is null counts as kept: missing values have reasons of
  their own. `ingested_at` in a condition is when the record was read.
- A column that is **personal** names or reaches a person; none of them is in gold.
- What is empty for all rows of a table below is left out of it.

[Entities and relations](#entities-and-relations) · [Silver](#silver) ·
[Where a row came from](#where-a-row-came-from) · [Gold](#gold) ·
[Features](#{CUSTOMER_FEATURES.name.replace("/", "")}) · [Uses](#uses)
"""

_ORIGIN = """\
## Where a row came from

Every record of bronze, by its `record_id`, ends in exactly one place: silver, its history, the
duplicates or the quarantine.
"""


def page() -> str:
    """Return the whole page: Markdown and a Mermaid diagram, as GitHub renders them."""
    parts = [
        _INTRODUCTION,
        "## Entities and relations\n",
        entity_diagram.diagram(),
        _relations(),
        "## Silver\n",
        *(_entity(name, table) for name, table in ENTITIES.items()),
        _ORIGIN,
        *_stored(),
        "## Gold\n",
        *(_plain(table) for table in ACTIVITY),
        _features(),
        *(_plain(table) for table in (USER_FEATURES, SEGMENTS, CHURN_SCORES)),
        _uses(),
    ]
    return "\n".join(parts)


def traced(column: Column) -> tuple[str, ...]:
    """Follow a feature back to silver.

    Args:
        column: A column of ``gold/customer_features``.

    Returns:
        The silver columns behind the activity columns that it is made from, as ``entity.column``,
        in the order of the contracts. Empty for a column without declared sources.
    """
    activity = {
        f"{table.name.partition('/')[2]}.{c.name}": c.made_from
        for table in ACTIVITY
        for c in table.columns
    }
    behind = {silver for source in column.made_from for silver in activity[source]}
    return tuple(
        each
        for entity, table in ENTITIES.items()
        for each in (f"{entity}.{name}" for name in table.names)
        if each in behind
    )


def _relations() -> str:
    return markdown.table(
        {
            "each row of": markdown.link(child),
            "belongs to": f"{'one' if table.column(r.column).required else 'at most one'} of "
            f"{markdown.link(r.entity)}",
            "by": markdown.code(r.column),
            "rule": markdown.code(r.name),
            "severity": r.severity.value,
            "why": r.description,
        }
        for child, table in ENTITIES.items()
        for r in table.references
    )


def _entity(name: str, table: Table) -> str:
    rules = (
        {
            "rule": markdown.code(r.name),
            "severity": r.severity.value,
            "condition": markdown.code(r.holds),
            "why": r.description,
        }
        for r in table.rules
    )
    return "\n".join(
        [
            f"### {name}\n\n`{table.name}`: {table.grain}. Key: {markdown.codes(table.key)}.\n",
            f"{_on_repeated_keys(table)} A row that repeats another's content is a duplicate.\n",
            _dictionary(table.columns, table.key),
            f"**Rules**\n\n{markdown.table(rules)}",
            "**Reasons of quarantine**\n",
            markdown.meanings("reason", reject_reasons(table)),
            "**Warnings**\n",
            markdown.meanings("warning", warn_reasons(table)),
        ]
    )


def _on_repeated_keys(table: Table) -> str:
    if table.versioned_by:
        return (
            "Versioned: of several rows with one key the one with the newest "
            f"{markdown.code(table.versioned_by)} is here, the older ones are in "
            f"`{table.name}_history`. Of equal {markdown.code(table.versioned_by)}, or if a "
            "source maps none, the one that was ingested last: by ingestion, file, row."
        )
    return (
        "Immutable: of several rows with one key the one with the earliest "
        f"{markdown.code(table.immutable_since)} stays, the others go to quarantine as "
        f"`{KEY_CONFLICT}`."
    )


def _stored() -> list[str]:
    """Show what is the same for all entities once."""
    entity, table = next((e, t) for e, t in ENTITIES.items() if t.versioned_by)
    bronze, silver, history = (
        lineage.bronze_table(entity),
        lineage.silver_table(table),
        lineage.history_table(table),
    )
    return [
        f"### Any bronze table\n\n`bronze/<entity>`: {bronze.grain}.\n",
        _dictionary(bronze.columns, bronze.key),
        "### Any silver table\n\n`silver/<entity>` has, after the entity's own columns:\n",
        _dictionary(_beyond(table, silver), silver.key),
        f"### Any history table\n\n`silver/<entity>_history`, of a versioned entity: "
        f"{history.grain}. It has, after the columns of `silver/<entity>`:\n",
        _dictionary(_beyond(silver, history), history.key),
        _plain(lineage.QUARANTINE),
        _plain(lineage.WARNED),
        _plain(lineage.DUPLICATES),
    ]


def _beyond(less: Table, more: Table) -> list[Column]:
    return [c for c in more.columns if c.name not in less.names]


def _plain(table: Table) -> str:
    about = f"### {table.name}\n\nOne row: {table.grain}. Key: {markdown.codes(table.key)}.\n\n"
    return about + _dictionary(table.columns, table.key)


def _dictionary(columns: Iterable[Column], key: Sequence[str]) -> str:
    return markdown.table(
        {"column": markdown.code(c.name), **_facts(c, c.name in key)} for c in columns
    )


def _facts(c: Column, is_key: bool = False) -> dict[str, str]:
    return {
        "type": markdown.code(c.type.simpleString()),
        "unit": c.unit,
        "meaning": c.description,
        "null means": "required" if c.required or is_key else c.null_means,
        "range": _range(c),
        "default": markdown.code(c.default or ""),
        "allowed values": _allowed(c),
        "standard form": _FORMS[c.standard] if c.standard else "",
        "personal": "personal" if c.personal else "",
        "made from": markdown.sources(c.made_from),
    }


def _features() -> str:
    table = CUSTOMER_FEATURES
    features = (
        {
            "feature": f'<a id="{c.name}"></a>{markdown.code(c.name)}',
            **_facts(c),
            "traced back to": markdown.sources(traced(c)),
            "serves": ", ".join(c.serves),
        }
        for c in ALL_FEATURES
    )
    return (
        f"### {table.name}\n\nOne row: {table.grain}. Key: {markdown.codes(table.key)}. "
        f"{markdown.code(AS_OF)}: {table.column(AS_OF).description} A feature is made from "
        "activity columns and traced back to the silver columns behind those.\n\n"
        f"{markdown.table(features)}"
    )


def _uses() -> str:
    served = {
        use: ", ".join(markdown.link(c.name) for c in ALL_FEATURES if use in c.serves)
        for use in USES
    }
    rows = ({"use": use, "features": features} for use, features in served.items())
    return f"## Uses\n\nWhich features serve which use.\n\n{markdown.table(rows)}"


def _range(c: Column) -> str:
    low = "" if c.minimum is None else f"≥ {c.minimum:g}"
    high = "" if c.maximum is None else f"≤ {c.maximum:g}"
    return ", ".join(bound for bound in (low, high) if bound)


def _allowed(c: Column) -> str:
    synonyms = ", ".join(
        f"{markdown.code(other)} → {markdown.code(known)}" for other, known in c.synonyms
    )
    return markdown.codes(c.allowed) + (f"<br>read as such: {synonyms}" if synonyms else "")
