"""A source's TOML: what is wrong is refused, by file, key and nearest name."""

from pathlib import Path

import pytest

from goldrun.contracts.behaviour import EVENTS
from goldrun.contracts.entity_mapping import Kind
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.quarantine_reasons import reject_reasons
from goldrun.contracts.source import Source
from goldrun.errors import SettingsError
from goldrun.io.settings import lake_root, load_source, project_root

REQUIRED = {
    "transaction_id": "Id",
    "customer_id": "Who",
    "quantity": "Quantity",
    "price": "Price",
    "amount": "Amount",
    "transaction_date": "Time",
    "transaction_status": "'completed'",
}


def toml(
    head: str = "", section: str = 'path = "in/*.csv"', without: str = "", **columns: str
) -> str:
    """A source that is right, with changes."""
    mapped = REQUIRED | columns
    lines = [f'{name} = "{sql}"' for name, sql in mapped.items() if name != without]
    return "\n".join([head, "[transactions]", section, "[transactions.columns]", *lines])


def load(folder: Path, text: str) -> Source:
    file = folder / "shop.toml"
    file.write_text(text)
    return load_source(str(file))


def refusal(folder: Path, text: str) -> str:
    with pytest.raises(SettingsError) as caught:
        load(folder, text)
    message = str(caught.value)
    assert str(folder / "shop.toml") in message
    return message


def test_a_source_is_called_like_its_file(tmp_path: Path) -> None:
    source = load(tmp_path, toml())
    assert source.name == "shop"
    assert source.timezone is None
    assert source.max_reject_share == 0.05
    assert source.entities["transactions"].columns == REQUIRED


def test_settings_cannot_be_changed_after_loading(tmp_path: Path) -> None:
    source = load(tmp_path, toml())
    with pytest.raises(ValueError, match="frozen"):
        source.timezone = "UTC"


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("timezon", "timezone"), ("transaction", "transactions"), ("max_reject", "max_reject_share")],
)
def test_an_unknown_key_is_refused_with_the_near_name(
    tmp_path: Path, wrong: str, meant: str
) -> None:
    message = refusal(tmp_path, toml(head=f'{wrong} = "Europe/London"'))
    assert f"unknown key '{wrong}' (did you mean '{meant}'?)" in message


def test_an_unknown_key_of_a_section_is_refused_with_the_near_name(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(section='path = "in/*.csv"\ndelimeter = ";"'))
    assert "unknown key 'transactions.delimeter' (did you mean 'delimiter'?)" in message


def test_an_unknown_key_that_is_near_nothing_lists_the_known_ones(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(head="zzzzzz = 1"))
    assert "did you mean" not in message
    assert message.endswith(
        "known: currency, customers, events, interactions, kafka, made_by, max_reject_share, "
        "no_value, phone_region, rates, registry_prefix, sessions, timezone, transactions, "
        "unknown_customers"
    )


@pytest.mark.parametrize(
    ("head", "name"),
    [
        ("", "shop-churn"),
        ('registry_prefix = "north_2-eu"', "north_2-eu-churn"),
        ('registry_prefix = "größe"', "größe-churn"),
        ('registry_prefix = ""', "churn"),
    ],
)
def test_a_model_is_registered_under_the_sources_name_or_the_given_prefix(
    tmp_path: Path, head: str, name: str
) -> None:
    assert load(tmp_path, toml(head=head)).registered_name("churn") == name


@pytest.mark.parametrize(
    "prefix",
    ["a/b", "a:b", "a.b", "a%b", "a'b", 'a\\"b', "a b", " ", "-", "\\t", "\\u0000", "x" * 101],
)
def test_a_prefix_that_no_model_can_have_is_refused_with_what_is_allowed(
    tmp_path: Path, prefix: str
) -> None:
    message = refusal(tmp_path, toml(head=f'registry_prefix = "{prefix}"'))
    assert "registry_prefix" in message
    assert "allowed are letters, digits, '_' and '-'" in message


def test_a_file_name_that_no_model_can_have_is_refused_unless_a_prefix_is_given(
    tmp_path: Path,
) -> None:
    file = tmp_path / "my.shop.toml"
    file.write_text(toml())
    with pytest.raises(SettingsError, match=r"'my\.shop'.*rename the file, or set registry_prefix"):
        load_source(str(file))
    file.write_text(toml(head='registry_prefix = "myshop"'))
    assert load_source(str(file)).registered_name("churn") == "myshop-churn"
    file.write_text(toml(head='registry_prefix = ""'))
    assert load_source(str(file)).registered_name("churn") == "churn"


@pytest.mark.parametrize("column", [name for name in REQUIRED if name != "price"])
def test_a_required_column_that_is_not_mapped_is_named(tmp_path: Path, column: str) -> None:
    message = refusal(tmp_path, toml(without=column))
    assert f"[transactions.columns] lacks the required {column}" in message


def test_columns_with_a_default_need_no_mapping(tmp_path: Path) -> None:
    columns = load(tmp_path, toml()).entities["transactions"].columns
    assert "order_id" not in columns
    assert "updated_at" not in columns


def test_a_column_that_the_contract_lacks_is_refused_with_the_near_name(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(quantitiy="Quantity"))
    assert "'quantitiy' is not a column of transactions (did you mean 'quantity'?)" in message


def test_a_time_zone_that_does_not_exist_is_refused_with_the_near_one(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(head='timezone = "Europe/Londn"'))
    assert "timezone: 'Europe/Londn' is not a time zone (did you mean 'Europe/London'?)" in message


@pytest.mark.parametrize("name", ["localtime", "Factory"])
def test_what_is_no_time_zone_to_an_engine_is_refused(tmp_path: Path, name: str) -> None:
    assert f"'{name}' is not a time zone" in refusal(tmp_path, toml(head=f'timezone = "{name}"'))


@pytest.mark.parametrize(
    ("declared", "zone"),
    [
        ("", "UTC"),
        ('timezone = "UTC"', "UTC"),
        ('timezone = "Etc/GMT"', "UTC"),
        ('timezone = "Europe/London"', "Europe/London"),
    ],
)
def test_days_are_those_of_the_declared_zone_and_else_those_of_utc(
    tmp_path: Path, declared: str, zone: str
) -> None:
    assert load(tmp_path, toml(head=declared)).zone == zone


def test_files_and_another_entity_are_not_both_the_origin(tmp_path: Path) -> None:
    both = toml() + '\n[customers]\nfrom = "transactions"\npath = "customers.csv"'
    message = refusal(tmp_path, both)
    assert "customers" in message
    assert "give exactly one of path, topic, feed, from" in message


def test_an_entity_needs_an_origin(tmp_path: Path) -> None:
    assert "give exactly one of path" in refusal(tmp_path, toml(section=""))


def test_a_derived_entity_needs_no_required_columns(tmp_path: Path) -> None:
    text = toml() + '\n[customers]\nfrom = "transactions"\n[customers.columns]\nlocation = "Town"'
    assert load(tmp_path, text).entities["customers"].derived_from == "transactions"


def test_a_source_without_transactions_is_refused(tmp_path: Path) -> None:
    text = '[customers]\npath = "c.csv"\n[customers.columns]\ncustomer_id = "Id"'
    assert "the section [transactions] is missing" in refusal(tmp_path, text)


@pytest.mark.parametrize("share", ["-0.01", "1.01", "nan", '"many"'])
def test_a_reject_share_outside_0_to_1_is_refused(tmp_path: Path, share: str) -> None:
    assert "max_reject_share" in refusal(tmp_path, toml(head=f"max_reject_share = {share}"))


@pytest.mark.parametrize("share", ["0", "1", "0.26"])
def test_a_reject_share_from_0_to_1_is_taken(tmp_path: Path, share: str) -> None:
    source = load(tmp_path, toml(head=f"max_reject_share = {share}"))
    assert source.max_reject_share == float(share)


def test_another_file_format_is_refused(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(section='path = "x"\nformat = "xml"'))
    assert "transactions.format" in message
    assert "'csv', 'json', 'parquet' or 'excel'" in message


def test_json_has_neither_delimiter_nor_another_encoding(tmp_path: Path) -> None:
    json = 'path = "x"\nformat = "json"\n'
    assert load(tmp_path, toml(section=json)).entities["transactions"].format == "json"
    load(tmp_path, toml(section=json + 'encoding = "utf8"'))
    message = refusal(tmp_path, toml(section=json + 'delimiter = ","'))
    assert "transactions: JSON has no delimiter" in message
    message = refusal(tmp_path, toml(section=json + 'encoding = "latin-1"'))
    assert "transactions: encoding 'ISO-8859-1': JSON is always UTF-8" in message


@pytest.mark.parametrize("encoding", ["utf-99", "base64", "rot13", "utf-7", "idna"])
def test_what_is_no_encoding_of_text_is_refused(tmp_path: Path, encoding: str) -> None:
    message = refusal(tmp_path, toml(section=f'path = "x"\nencoding = "{encoding}"'))
    assert f"transactions.encoding: '{encoding}' is no encoding of text" in message


@pytest.mark.parametrize(
    ("spelled", "read"), [("latin-1", "ISO-8859-1"), ("utf8", "UTF-8"), ("ascii", "UTF-8")]
)
def test_an_encoding_may_be_spelled_as_python_does(tmp_path: Path, spelled: str, read: str) -> None:
    source = load(tmp_path, toml(section=f'path = "x"\nencoding = "{spelled}"'))
    assert source.entities["transactions"].encoding == read


@pytest.mark.parametrize("delimiter", ['\\"', "\\n", "\\r", "\\u0000", "\\\\", "\U0001f600"])
def test_a_delimiter_that_can_not_part_fields_is_refused(tmp_path: Path, delimiter: str) -> None:
    message = refusal(tmp_path, toml(section=f'path = "x"\ndelimiter = "{delimiter}"'))
    assert "can't separate fields" in message


OTHERS = """
[customers]
path = "c.json"
format = "json"
[customers.columns]
customer_id = "id"
[interactions]
path = "i.csv"
[interactions.columns]
interaction_id = "Id"
customer_id = "Who"
interaction_date = "Time"
interaction_type = "Channel"
"""


def test_parents_come_before_their_children_whatever_the_order_in_the_file(tmp_path: Path) -> None:
    source = load(tmp_path, toml() + OTHERS)
    assert list(source.entities) == ["customers", "transactions", "interactions"]


def test_every_entity_needs_its_required_columns(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml() + OTHERS.replace('customer_id = "Who"\n', ""))
    assert "[interactions.columns] lacks the required customer_id" in message


def test_what_a_shop_may_say_of_itself_is_taken(tmp_path: Path) -> None:
    head = 'currency = "EUR"\nrates = "r.csv"\nphone_region = "GB"\nmade_by = "make sim"'
    source = load(tmp_path, toml(head=head))
    assert (source.currency, source.rates) == ("EUR", "r.csv")
    assert (source.phone_region, source.made_by) == ("GB", "make sim")
    bare = load(tmp_path, toml())
    assert (bare.currency, bare.rates, bare.phone_region, bare.made_by) == (None,) * 4


@pytest.mark.parametrize(
    ("head", "problem"),
    [
        ('currency = "eur"', "currency: 'eur' is not an ISO 4217 code"),
        ('currency = "ZZZ"', "currency: 'ZZZ' is not an ISO 4217 code"),
        ('currency = "EURO"', "currency: 'EURO' is not an ISO 4217 code"),
        ('rates = "r.csv"', "rates requires currency"),
        ('phone_region = "UK"', "phone_region: 'UK' is not a region with telephone numbers"),
        ('phone_region = "gb"', "(did you mean 'GB'?)"),
    ],
)
def test_what_a_shop_can_not_mean_is_refused(tmp_path: Path, head: str, problem: str) -> None:
    assert problem in refusal(tmp_path, toml(head=head))


def test_text_that_is_not_toml_is_refused(tmp_path: Path) -> None:
    assert "is not TOML" in refusal(tmp_path, "timezone = Europe/London")


def test_a_byte_order_mark_is_no_part_of_a_toml(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    content = (project_root() / "pipelines" / "sources" / "rate.toml").read_bytes()
    file.write_bytes(b"\xef\xbb\xbf" + content)
    assert load_source(str(file)).kind is Kind.FEED


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("timezone = 'UTC'".encode("utf-16"), "is not UTF-8"),
        ("timezone = 'UTC'".encode("utf-16-le"), "save it as UTF-8"),
        (b"timezone = '\xe9'", "is not UTF-8"),
        (b"timezone = " + b"[" * 100_000, "is not TOML"),
        (b"timezone = " + b"9" * 5_000, "is not TOML"),
    ],
)
def test_a_toml_that_is_no_text_is_refused_by_name(
    tmp_path: Path, content: bytes, problem: str
) -> None:
    file = tmp_path / "shop.toml"
    file.write_bytes(content)
    with pytest.raises(SettingsError) as caught:
        load_source(str(file))
    assert str(caught.value).startswith(f"{file} ")
    assert problem in str(caught.value)


def test_a_pattern_of_times_that_is_not_read_is_refused_with_what_to_write(
    tmp_path: Path,
) -> None:
    file = tmp_path / "shop.toml"
    text = (project_root() / "pipelines" / "sources" / "rate.toml").read_text()
    file.write_text(text.replace("[transactions]", '[transactions]\ntimestamp_format = "YYYY"'))
    with pytest.raises(SettingsError, match=r"transactions\.timestamp_format: .*write yyyy"):
        load_source(str(file))


def test_a_source_that_is_not_there_is_refused_with_the_near_name() -> None:
    with pytest.raises(SettingsError, match=r"\(did you mean 'online_retail'\?\)"):
        load_source("online_retial")


def test_a_wrong_setting_has_its_own_exit_code() -> None:
    assert SettingsError.exit_code == 2


def test_the_option_wins_over_the_environment_and_that_over_the_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("GOLDRUN_LAKE", raising=False)
    assert lake_root("") == lake_root(None) == "lake"
    monkeypatch.setenv("GOLDRUN_LAKE", "/data/shop")
    assert lake_root("") == "/data/shop"
    assert lake_root("here") == "here"
    assert lake_root("file:///data/my%20shop") == "/data/my shop"
    assert lake_root("s3a://shop/lake") == "s3a://shop/lake"


def test_topics_and_files_are_not_mixed(tmp_path: Path) -> None:
    text = (
        toml()
        + '\n[events]\ntopic = "events"\n[events.columns]\n'
        + "\n".join(f'{c.name} = "x"' for c in EVENTS.columns if c.required)
    )
    assert "files, or topics, or feeds; not a mix" in refusal(tmp_path, text)
    both = text.replace('path = "', 'topic = "')
    assert load(tmp_path, both).kind is Kind.KAFKA
    same = both.replace('topic = "events"', 'topic = "in/*.csv"')
    assert "each entity needs a topic of its own" in refusal(tmp_path, same)


def test_the_shipped_feed_and_topic_are_known_by_their_kind() -> None:
    assert load_source("rate").kind is Kind.FEED
    assert load_source("kafka").kind is Kind.KAFKA
    assert load_source("marketplace").kind is Kind.FILES


@pytest.mark.parametrize(
    "sql",
    [
        "case " + "when Price = 'a' then 'b' " * 200 + "end",
        "concat_ws(',', '" + "(" * 90 + "', Price)",
    ],
)
def test_an_expression_of_many_cases_is_not(tmp_path: Path, sql: str) -> None:
    assert load(tmp_path, toml(price=sql)).entities["transactions"].columns["price"] == sql


def test_true_is_no_share(tmp_path: Path) -> None:
    message = refusal(tmp_path, toml(head="max_reject_share = true"))
    assert "max_reject_share: true is not a number" in message


@pytest.mark.parametrize("head", ["a = " + "[" * 5000 + "]" * 5000, "a = " + "9" * 6000])
def test_what_python_itself_can_not_parse_is_no_toml(tmp_path: Path, head: str) -> None:
    assert "is not TOML" in refusal(tmp_path, toml(head=head))


def test_a_name_that_is_too_long_is_no_source() -> None:
    with pytest.raises(SettingsError, match="no file"):
        load_source("x" * 3000 + ".toml")


def test_a_lake_with_a_control_character_is_refused() -> None:
    with pytest.raises(SettingsError, match=r"--lake .* has a control character"):
        lake_root("a\nb")


VALUES = "[transactions.values.{column}]\n{line}\n"


@pytest.mark.parametrize(
    ("column", "line", "message"),
    [
        ("transaction_status", 'paid = "complete"', "(did you mean 'completed'?)"),
        ("transaction_status", 'paid = "done"', "write one of completed, pending, cancelled"),
        ("transaction_status", 'Paid = "completed"\n"PAID " = "pending"', "are the same value"),
        ("transaction_statuss", 'paid = "completed"', "did you mean 'transaction_status'?"),
        ("amount", '"free" = "0"', "amount is no category; such are currency, payment_method"),
        ("payment_method", 'x = "card"', "payment_method is not mapped"),
        ("currency", '"€" = "EURO"', "(did you mean 'EUR'?)"),
        ("transaction_status", "paid = 1", "transactions.values.transaction_status.paid"),
    ],
)
def test_a_word_for_no_value_of_the_contract_is_refused(
    tmp_path: Path, column: str, line: str, message: str
) -> None:
    text = toml(currency="'EUR'") + "\n" + VALUES.format(column=column, line=line)
    assert message in refusal(tmp_path, text)


def test_words_of_a_shop_are_read_by_column(tmp_path: Path) -> None:
    line = '"Teilweise erstattet" = "completed"'
    text = toml() + "\n" + VALUES.format(column="transaction_status", line=line)
    found = load(tmp_path, text).entities["transactions"].values
    assert found == {"transaction_status": {"Teilweise erstattet": "completed"}}


def test_texts_without_a_value_are_declared_for_a_source_or_an_entity(tmp_path: Path) -> None:
    shop = load(tmp_path, toml(head='no_value = ["-", "guest"]'))
    assert shop.entities["transactions"].no_value == ("-", "guest")
    own = load(tmp_path, toml('no_value = ["-"]', 'path = "in"\nno_value = ["none"]'))
    assert own.entities["transactions"].no_value == ("none",)
    assert "NULL" in load(tmp_path, toml()).entities["transactions"].no_value
    assert "no_value" in refusal(tmp_path, toml(head='no_value = "-"'))


@pytest.mark.parametrize(
    ("value", "message"),
    [
        ('["dd/MM/yyyy", "YYYY"]', "write yyyy"),
        ("[]", "gives no format of times"),
        ('["iso", "iso"]', "gives 'iso' twice"),
        ('"epoch_mss"', "(did you mean 'epoch_ms'?)"),
    ],
)
def test_a_format_of_times_that_cannot_be_used_is_refused(
    tmp_path: Path, value: str, message: str
) -> None:
    text = toml(section=f'path = "in"\ntimestamp_format = {value}')
    assert message in refusal(tmp_path, text)


def test_formats_of_times_are_one_or_several(tmp_path: Path) -> None:
    several = '["dd/MM/yyyy HH:mm", "iso", "epoch_ms"]'
    text = toml(section=f'path = "in"\ntimestamp_format = {several}')
    found = load(tmp_path, text).entities["transactions"].timestamp_format
    assert found == ("dd/MM/yyyy HH:mm", "iso", "epoch_ms")
    one = toml(section='path = "in"\ntimestamp_format = "epoch_s"')
    assert load(tmp_path, one).entities["transactions"].timestamp_format == "epoch_s"


def test_a_shop_rejects_warnings_of_the_contract_by_name(tmp_path: Path) -> None:
    text = toml(section='path = "in"\nreject = ["price_not_positive"]')
    shop = load(tmp_path, text)
    assert "price_not_positive" in reject_reasons(shop.contract("transactions"))
    assert "price_not_positive" not in reject_reasons(ENTITIES["transactions"])
    wrong = toml(section='path = "in"\nreject = ["price_not_positiv"]')
    message = refusal(tmp_path, wrong)
    assert "is no warning of transactions (did you mean 'price_not_positive'?)" in message
    assert "price_negative" not in refusal(tmp_path, wrong).partition("write one of")[2]


def test_a_price_need_not_be_mapped(tmp_path: Path) -> None:
    assert "price" not in load(tmp_path, toml(without="price")).entities["transactions"].columns
