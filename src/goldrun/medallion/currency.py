"""Convert money to the shop's currency by its rates, and reject money without a rate."""

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from goldrun.contracts import entities, lineage
from goldrun.contracts.quarantine_reasons import CURRENCY_WITHOUT_RATE
from goldrun.contracts.rates import RATE
from goldrun.errors import SourceError
from goldrun.medallion.days import day_of

_VALID_TO, _PRICED = "_valid_to", "_priced"
_MONEY = (entities.PRICE, entities.AMOUNT)


def convert(
    rows: DataFrame, currency: str, rates: DataFrame, zone: str
) -> tuple[DataFrame, DataFrame]:
    """Convert the money of transactions to the shop's currency.

    The rate is the latest of its currency from on or before the day of the transaction; price
    and amount are each multiplied by it and rounded half up to 4 decimals.

    Args:
        rows: Accepted rows of transactions.
        currency: The shop's currency; it also applies to rows without a currency.
        rates: A rate table (``contracts.rates``), small.
        zone: Time zone of the days of the rates.

    Returns:
        The rows with money in the shop's currency, and ``record_id, reasons`` of the rows that
        can't be converted.
    """
    own = F.coalesce(F.col(entities.CURRENCY), F.lit(currency)) == currency
    age = Window.partitionBy(entities.CURRENCY).orderBy(lineage.VALID_FROM)
    periods = rates.select(
        F.col(entities.CURRENCY).alias("_currency"),
        F.col(lineage.VALID_FROM).alias("_valid_from"),
        F.col(RATE).alias("_rate"),
        F.lead(lineage.VALID_FROM).over(age).alias(_VALID_TO),
    )
    day = day_of(entities.TRANSACTION_DATE, zone)
    in_period = (
        (F.col("_currency") == F.col(entities.CURRENCY))
        & (F.col("_valid_from") <= day)
        & (F.col(_VALID_TO).isNull() | (day < F.col(_VALID_TO)))
    )
    rated = rows.join(F.broadcast(periods), in_period & ~own, "left")
    rated = rated.withColumn(_PRICED, F.col(entities.PRICE).isNotNull())
    for name in _MONEY:
        # try_cast, because the product of a large amount and a large rate may overflow.
        exact = F.round(F.col(name) * F.col("_rate"), entities.MONEY.scale).try_cast(entities.MONEY)
        rated = rated.withColumn(name, F.when(own, F.col(name)).otherwise(exact))
    # A price is optional; one that is recorded must be converted.
    has_price = ~F.col(_PRICED) | F.col(entities.PRICE).isNotNull()
    is_in = own | (has_price & F.col(entities.AMOUNT).isNotNull())
    converted = (
        rated.where(is_in).withColumn(entities.CURRENCY, F.lit(currency)).select(*rows.columns)
    )
    reasons = F.array(F.lit(CURRENCY_WITHOUT_RATE)).alias(lineage.REASONS)
    return converted, rated.where(~is_in).select(lineage.RECORD_ID, reasons)


def check_stored_currency(stored: DataFrame, currency: str, source: str) -> None:
    """Check that stored transactions are in the shop's currency.

    Args:
        stored: Rows of ``silver/transactions``.
        currency: The shop's currency.
        source: Name of the shop.

    Raises:
        SourceError: A stored row has no currency or another one.
    """
    differs = F.col(entities.CURRENCY).isNull() | (F.col(entities.CURRENCY) != currency)
    found = stored.where(differs).select(entities.CURRENCY).limit(1).collect()
    if found:
        raise SourceError(
            f"{source}: silver/transactions has rows in {found[0][0] or 'an undeclared currency'}, "
            f"ingested before currency = {currency!r} was set; they can't be added to new rows: "
            "build a new lake (--lake) from the files"
        )


def check_one_currency(rows: DataFrame, source: str) -> None:
    """Check that transactions are in one currency, so that their amounts can be summed.

    Args:
        rows: Transactions, old and new, of a shop that declares no currency.
        source: Name of the shop.

    Raises:
        SourceError: They are in more than one currency.
    """
    found = rows.select(entities.CURRENCY).distinct().orderBy(entities.CURRENCY).limit(10).collect()
    if len(found) > 1:
        named = ", ".join(row[0] or "none given" for row in found)
        raise SourceError(
            f"{source}: transactions are in several currencies ({named}), which can't be added up; "
            'no transaction was accepted. Set currency = "..." in the source\'s TOML file, and '
            'rates = "..." to convert the others'
        )
