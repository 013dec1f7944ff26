"""The data model's page: true to the contracts, and Markdown that GitHub can render."""

import re
from pathlib import Path

import pytest

from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons
from goldrun.contracts.table import Table
from goldrun.features.catalog.feature_tables import ACTIVITY, ALL_FEATURES, CUSTOMER_FEATURES
from goldrun.jobs.data_model import entity_diagram
from goldrun.jobs.data_model import page as page_module

WRITTEN = Path(__file__).parents[3] / "docs" / "data-model.md"
ATTRIBUTE = re.compile(r'[A-Za-z][\w-]* [a-z_]+( (PK|FK)(, (PK|FK))*)?( "[^"]+")?')


@pytest.fixture(scope="module")
def page() -> str:
    return page_module.page()


def table_after(page: str, heading: str) -> list[dict[str, str]]:
    """The first table below a heading, one dictionary a row."""
    lines = [*page.partition(f"\n{heading}\n")[2].splitlines(), ""]
    first = next(i for i, line in enumerate(lines) if line.startswith("|"))
    header, _, *rows = [cells(line) for line in lines[first : lines.index("", first)]]
    return [dict(zip(header, row, strict=True)) for row in rows]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]


def test_the_page_is_what_the_contracts_say(page: str) -> None:
    is_true = WRITTEN.is_file() and WRITTEN.read_text(encoding="utf-8") == page
    assert is_true, f"docs/data-model.md is out of date: run make docs ({page_module.COMMAND})"


def test_the_page_says_what_wrote_it(page: str) -> None:
    top = page[: page.index("## ")]
    assert "make docs" in top
    assert page_module.COMMAND in top


def test_every_relation_is_drawn_with_its_cardinalities() -> None:
    drawn = {line.strip() for line in entity_diagram.diagram().splitlines() if "--" in line}
    assert drawn == {
        "customers ||--o{ transactions : customer_id",
        "customers ||--o{ sessions : customer_id",
        "customers ||--o{ events : customer_id",
        "customers ||--o{ interactions : customer_id",
        "sessions |o--o{ events : session_id",
    }


@pytest.mark.parametrize("entity", ENTITIES)
def test_every_column_is_drawn_in_words_that_mermaid_reads(entity: str) -> None:
    box = entity_diagram.diagram().partition(f"\n  {entity} {{\n")[2].partition("\n  }")[0]
    attributes = [line.strip() for line in box.splitlines()]
    assert [line.split()[1] for line in attributes] == list(ENTITIES[entity].names)
    assert [line for line in attributes if not ATTRIBUTE.fullmatch(line)] == []
    assert [line.split()[1] for line in attributes if " PK" in line] == list(ENTITIES[entity].key)


def test_keys_null_units_and_personal_columns_are_marked_in_the_diagram() -> None:
    drawn = {line.strip() for line in entity_diagram.diagram().splitlines()}
    assert {
        "string customer_id PK",
        "string customer_id FK",
        'string session_id FK "optional"',
        'string email "optional, personal"',
        'decimal response_time "optional, seconds"',
        "timestamp event_timestamp",
    } <= drawn


def test_every_table_row_has_a_cell_for_each_column(page: str) -> None:
    header: list[str] = []
    for line in page.splitlines():
        if not line.startswith("|"):
            header = []
            continue
        header = header or cells(line)
        assert len(cells(line)) == len(header), line
        assert "" not in header


def test_every_link_on_the_page_leads_to_one_place(page: str) -> None:
    headings = re.findall(r"^#+ (.+)$", page, re.MULTILINE)
    slugs = [re.sub(r"[^\w\- ]", "", text).replace(" ", "-").lower() for text in headings]
    places = slugs + re.findall(r'<a id="([^"]+)">', page)
    assert len(set(places)) == len(places)
    assert set(re.findall(r"\]\(#([^)]+)\)", page)) <= set(places)


@pytest.mark.parametrize("entity", ENTITIES)
def test_the_dictionary_has_every_column_rule_and_reason(page: str, entity: str) -> None:
    table = ENTITIES[entity]
    section = page.partition(f"\n### {entity}\n")[2].partition("\n### ")[0]
    rows = table_after(page, f"### {entity}")
    assert [row["column"] for row in rows] == [f"`{name}`" for name in table.names]
    assert table.grain in section
    for rule in table.rules:
        condition = rule.holds.replace("|", "\\|")
        assert f"| `{rule.name}` | {rule.severity.value} | `{condition}` |" in section
    for reason, meaning in reject_reasons(table).items():
        assert f"| `{reason}` | {meaning} |" in section


def test_a_column_says_unit_null_default_spellings_form_and_person(page: str) -> None:
    sessions = {row["column"]: row for row in table_after(page, "### sessions")}
    assert sessions["`session_duration`"]["unit"] == "seconds"
    assert "unix_micros" in sessions["`session_duration`"]["default"]
    assert sessions["`session_end`"]["null means"] == "not recorded"
    assert sessions["`session_start`"]["null means"] == "required"
    assert "`phone` → `mobile`" in sessions["`device_type`"]["allowed values"]
    assert "personal" not in sessions["`device_type`"]
    customers = {row["column"]: row for row in table_after(page, "### customers")}
    assert customers["`phone`"]["standard form"].startswith("E.164")
    assert customers["`email`"]["standard form"].startswith("address in lower case")
    assert customers["`phone`"]["personal"] == "personal"
    assert customers["`location`"]["personal"] == ""


def test_the_page_says_how_two_rows_with_one_key_are_settled(page: str) -> None:
    said = {
        entity: page.partition(f"\n### {entity}\n")[2].partition("\n| ")[0] for entity in ENTITIES
    }
    for entity in ("customers", "transactions"):
        assert (
            f"newest `updated_at` is here, the older ones are in `silver/{entity}_history`"
            in (said[entity])
        )
    for entity, time in (
        ("sessions", "session_start"),
        ("events", "event_timestamp"),
        ("interactions", "interaction_date"),
    ):
        assert (
            f"earliest `{time}` stays, the others go to quarantine as `key_conflict`"
            in (said[entity])
        )


@pytest.mark.parametrize("table", ACTIVITY, ids=lambda t: t.name)
def test_every_activity_column_is_listed(page: str, table: Table) -> None:
    rows = table_after(page, f"### {table.name}")
    assert [row["column"] for row in rows] == [f"`{name}`" for name in table.names]


@pytest.mark.parametrize(
    ("feature", "silver"),
    [
        ("total_spend", {"transactions.amount", "transactions.transaction_status"}),
        ("response_time_p90", {"interactions.response_time"}),
        ("average_session_duration", {"sessions.session_duration"}),
        ("preferred_device", {"sessions.device_type"}),
        ("preferred_channel", {"interactions.interaction_type"}),
        ("event_conversion_rate", {"events.event_type", "events.session_id"}),
        ("contact_rate", {"interactions.interaction_date", "transactions.transaction_date"}),
        ("payment_share_card", {"transactions.payment_method", "transactions.amount"}),
        ("distinct_products", {"transactions.product_id"}),
        ("location", {"customers.location"}),
        ("customer_segment", {"customers.customer_segment"}),
    ],
)
def test_a_feature_is_traced_back_to_the_columns_it_needs(
    page: str, feature: str, silver: set[str]
) -> None:
    traced = page_module.traced(CUSTOMER_FEATURES.column(feature))
    assert silver <= set(traced)
    shown = {row["feature"]: row for row in table_after(page, "### gold/customer_features")}
    told = shown[f'<a id="{feature}"></a>`{feature}`']["traced back to"]
    assert all(f"`{column.partition('.')[2]}`" in told for column in traced)


def test_every_use_lists_the_features_that_serve_it(page: str) -> None:
    listed = {row["use"]: row["features"] for row in table_after(page, "## Uses")}
    for column in ALL_FEATURES:
        for use, features in listed.items():
            assert (f"(#{column.name})" in features) == (use in column.serves), column.name
