"""The four tables of activity, computed and not stored."""

from goldrun.features.activity import (
    Activity,
    customer_daily,
    customer_places,
    customer_products,
    customer_responses,
)
from goldrun.features.silver_tables import Silver


def activity_of(
    silver: Silver, recorded: frozenset[str], *, has_versions: bool = False
) -> Activity:
    """Activity of the silver tables of a shop that records some entities."""
    return Activity(
        customer_daily(silver),
        customer_products(silver),
        customer_responses(silver),
        customer_places(silver),
        recorded,
        has_versions,
    )
