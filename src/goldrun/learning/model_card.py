"""The model card: what a version is for, from what it was made, and how well it does, as Markdown.

After Mitchell et al. 2019, "Model Cards for Model Reporting".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import pandas as pd

from goldrun.learning.group_results import SMALLEST_GROUP, GroupResults
from goldrun.learning.metric_tables import leads_table, markdown_table, metrics_table, not_shown

LONGEST_DESCRIPTION = 5_000
"""Characters that MLflow's registry keeps of a version's description."""
_REST = "The whole card is the artifact `model_card.md` of the training run."


@dataclass(frozen=True)
class Training:
    """Dates and rows of a training run.

    Attributes:
        origins: Dates of the training rows.
        test: Date of the test rows; None for a model that is measured on its training rows.
        horizon_days: Length of the label window; None without a label.
        rows: Training rows.
        customers: Different customers among them.
        test_rows: Test rows.
    """

    origins: Sequence[date]
    test: date | None
    horizon_days: int | None
    rows: int
    customers: int
    test_rows: int


@dataclass(frozen=True)
class Card:
    """What a model card is made of.

    Attributes:
        name: Registered name.
        source: Name of the shop's source.
        summary: The main metrics as text.
        intended_use: ``ModelSettings.intended_use``.
        training: Dates and rows.
        tables: Delta version of every table that the rows were computed from.
        training_hash: SHA-256 of the training frame.
        features: Meaning of each feature by its name.
        estimator: Names of the pipeline's steps.
        parameters: Settings and parameters by name.
        metrics: Metrics of the model and its baselines.
        baselines: Names of the baselines.
        groups: Results by group of customers.
    """

    name: str
    source: str
    summary: str
    intended_use: str
    training: Training
    tables: Mapping[str, int]
    training_hash: str
    features: Mapping[str, str]
    estimator: Sequence[str]
    parameters: Mapping[str, object]
    metrics: Mapping[str, float]
    baselines: Sequence[str]
    groups: Sequence[GroupResults]


def model_card(card: Card) -> str:
    """Render a card as Markdown."""
    return "\n\n".join([f"# {card.name}", *_sections(card)]) + "\n"


def version_description(card: Card) -> str:
    """Render a card without the sections that exceed the registry's limit.

    The most important sections come first; one that does not fit is left out as a whole.
    """
    kept, room = [], LONGEST_DESCRIPTION - len(_REST)
    for section in _sections(card):
        room -= len(section) + 2
        if room < 0:
            room += len(section) + 2
        else:
            kept.append(section)
    return "\n\n".join([*kept, _REST])


def _sections(card: Card) -> list[str]:
    leads = leads_table(card.metrics, card.baselines)
    return [
        f"{card.summary}.",
        f"## Intended use\n\n{card.intended_use or 'The settings name none (`intended_use`).'}",
        f"## Metrics\n\n{_tested(card.training)}\n\n{metrics_table(card.metrics, card.baselines)}",
        *([f"## Lead over the baselines\n\n{leads}"] if leads else []),
        f"## Limits\n\n{_bullets(_limits(card))}",
        f"## Period\n\n{_bullets(_period(card.training))}",
        f"## Estimator\n\n{' → '.join(card.estimator)}\n\n{_pairs('parameter', card.parameters)}",
        f"## Features\n\n{_pairs('feature', card.features)}",
        f"## Results by group\n\n{_groups(card)}",
        f"## Data\n\nShop `{card.source}`; training frame SHA-256 `{card.training_hash}`.\n\n"
        f"{_pairs('table', card.tables, 'Delta version')}",
    ]


def _tested(training: Training) -> str:
    if training.test is None:
        return f"On the {training.rows:,} rows that it was trained on."
    return f"On {training.test_rows:,} customers as of {training.test}, with 95 % intervals."


def _period(training: Training) -> list[str]:
    lines = [
        f"trained as of {', '.join(map(str, training.origins))}: {training.rows:,} rows of "
        f"{training.customers:,} customers"
    ]
    if training.test is not None:
        lines.append(f"tested as of {training.test}: {training.test_rows:,} rows")
    if training.horizon_days is not None:
        lines.append(f"labels from the {training.horizon_days} days from each of these dates")
    return lines


def _limits(card: Card) -> list[str]:
    """Return what the numbers do not show, from the numbers themselves."""
    training = card.training
    limits = [
        "Only customers with a completed order before the date are described.",
        "One shop at one date: another season or another shop gives other numbers.",
    ]
    if training.test is None:
        limits.append("Measured on the rows that it was trained on; there is no label to predict.")
    if training.rows > training.customers:
        limits.append(
            f"Training rows repeat customers: {training.rows:,} rows are {training.customers:,} "
            "people."
        )
    if weak := not_shown(card.metrics, card.baselines):
        limits.append(f"Not shown to be better than {weak}: that interval is not above 0.")
    if lacking := [one.title for one in card.groups if one.table.empty]:
        limits.append(f"Results by {' and '.join(lacking)} are unknown: gold has no value of it.")
    return limits


def _groups(card: Card) -> str:
    parts = []
    for one in card.groups:
        if one.table.empty:
            parts.append(f"By {one.title}: `gold/customer_features` has it for no customer.")
            continue
        hidden = f" {one.hidden} smaller groups are not shown." if one.hidden else ""
        parts.append(f"By {one.title}.{hidden}\n\n{markdown_table(one.table)}")
    note = f"Groups with fewer than {SMALLEST_GROUP} customers are not shown."
    return "\n\n".join([note, *parts])


def _pairs(of: str, values: Mapping[str, object], what: str = "") -> str:
    rows = [{of: f"`{name}`", what or "value": value} for name, value in values.items()]
    return markdown_table(pd.DataFrame(rows))


def _bullets(lines: Sequence[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)
