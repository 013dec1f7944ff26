"""Names under which exports have the columns of the contracts, best first."""

import re
from collections.abc import Mapping

from pyspark.sql import types as T

from goldrun.contracts.entities import ORDER_ID, TRANSACTION_DATE
from goldrun.contracts.marketplace import ENTITIES
from goldrun.contracts.table import Column
from goldrun.medallion.proposal.profile import Profile, words_of

_CUSTOMER = (
    r"(customer|client|member|shopper|buyer|user)s? (id|no|nr|number|code|key)",
    r"(customer|client|member|shopper|buyer|user)",
    r".*\b(customer|client|member|buyer|user) (id|no|number|code)",
    r"(customer |billing |buyer )?e ?mail( address)?|.*\be ?mail",
    r"(customer|client|buyer|billing) name",
    r"kunden? ?(nr|no|nummer|id)?|klant ?(nr|nummer|id)?|cliente?( id)?|id cliente?",
)
NAMES: dict[str, dict[str, tuple[str, ...]]] = {
    "transactions": {
        "transaction_id": (
            r"(transaction|line|line item|item line|payment|charge|row) ?(id|no|nr|number)",
            r"id|row",
            r".*\b(transaction|line|payment) id|positions? ?(nr|nummer|id)",
        ),
        "order_id": (
            r"(sales )?(order|invoice|receipt|basket|bill) ?(id|no|nr|number|ref.*)",
            r"(order|invoice|receipt|basket)",
            r"name",
            r".*\b(order|invoice) (id|no|number)",
            r"(bestell|rechnungs|auftrags|beleg|bon) ?(nr|no|nummer|id)",
            r"(numero|nr|no|n)( de| d)? ?(commande|facture|pedido|ordine|fattura)|pedido|commande",
        ),
        "customer_id": _CUSTOMER,
        "product_id": (
            r"(lineitem |line items? |item |product )?(sku|stock code|ean|asin)",
            r"(product|item|article|stock) ?(id|no|nr|number|code)",
            r"(lineitem |item |product |article )(name|description|title)|(product|item|article)",
            r"artikel ?(nr|nummer|id|name)?|produ(k|c)t ?(nr|nummer|id|name)?",
            r"produit|producto|prodotto",
        ),
        "quantity": (
            r"(lineitem |line items? |item |order )?(quantity|qty|pieces|units|amount of items)",
            r"number of (cds|items|units|pieces)|count|cds|.*\b(quantity|qty)",
            r"menge|anzahl|stuck(zahl)?|quantite|cantidad|quantita|aantal",
        ),
        "price": (
            r"(lineitem |line items? |item )?(unit |item |product |sale )?price( each)?",
            r".*\bprice( each)?",
            r"(einzel|stuck)?preis|(stuk)?prijs|(prix|precio|prezzo)( unitai?r[eio])?",
        ),
        "amount": (
            r"(line |line item |lineitem |item )(total|amount|value)",
            r"amount|sales|revenue|turnover|paid|value|spend|sale amount",
            r"total( (amount|price|paid|sales|value|cost))?|grand total|amount (paid|usd|eur|gbp)",
            r"(order |invoice |transaction )?(total|amount|value)|dollar value|dollars|subtotal",
            r"(gesamt|rechnungs)?(betrag|summe|preis)|umsatz|montant|importe|importo|bedrag",
        ),
        "currency": (r"currency( code)?", r".*\bcurrency|wahrung|devise|moneda|valuta"),
        "payment_method": (
            r"payment (method|type|gateway)( title)?|paid by|paid with|gateway",
            r"zahlungs(art|methode|weise)|mode de paiement|forma de pago|metodo di pagamento",
        ),
        "transaction_date": (
            r"(order|purchase|transaction|invoice|sale|bought|payment) ?(date|time|at)( time)?",
            r"(created|placed|ordered|processed) ?(at|on|date)?( utc| gmt)?",
            r"date( created.*)?|day|bought|timestamp|time|when",
            r"paid at|.*\bdate",
            r"(bestell|rechnungs|kauf|auftrags)?(datum|zeit)|fecha.*|data( ordine)?",
            r"date de (commande|facture|vente)",
        ),
        "transaction_status": (
            r"(financial|payment|order|transaction) (status|state)",
            r"status|state",
        ),
        "updated_at": (r"(last )?(updated|modified|changed)( ?(at|on|date|time))?( utc| gmt)?",),
    },
    "customers": {
        "customer_id": (*_CUSTOMER[:1], r"id|no|number|code", *_CUSTOMER[1:4]),
        "name": (r"(full |customer |client )?name", r"first name|last name"),
        "email": (r"e ?mail( address)?",),
        "phone": (r"(tele)?phone( number)?|mobile|telephone",),
        "registration_date": (
            r"(registration|registered|signup|sign up|joined|created|member since)"
            r"( ?(date|at|on))?",
        ),
        "location": (r"country( code)?|city|location|region|state|place",),
        "customer_segment": (r"(customer )?segment|tier|group|class",),
        "updated_at": (r"(last )?(updated|modified|changed)( ?(at|on|date|time))?",),
    },
}
"""Patterns of a column's name in words, by entity and contract column."""


def assign(entity: str, columns: Mapping[str, Profile]) -> dict[str, Profile]:
    """Find the file column of each contract column by name and kind; each is taken once.

    Args:
        entity: Name of the entity.
        columns: Profiles by column.

    Returns:
        Profile by contract column; those without a file column are left out.
    """
    found: dict[str, Profile] = {}
    for contract in ENTITIES[entity].columns:
        taken = {each.name for each in found.values()}
        free = [each for each in columns.values() if each.name not in taken and each.filled]
        best = _best(patterns_of(entity, contract.name), contract, free)
        if best is not None:
            found[contract.name] = best
    return found


def only_time(found: Mapping[str, Profile], columns: Mapping[str, Profile]) -> dict[str, Profile]:
    """Return the one column with times as that of the purchase, however it is named."""
    times = [each for each in columns.values() if each.times is not None and each.filled]
    if TRANSACTION_DATE in found or len(times) != 1 or times[0] in found.values():
        return {}
    return {TRANSACTION_DATE: times[0]}


def patterns_of(entity: str, column: str) -> tuple[str, ...]:
    """Return the patterns of a column: its own name first, then those of ``NAMES``."""
    return (column.replace("_", " "), *NAMES.get(entity, {}).get(column, ()))


def _best(patterns: tuple[str, ...], contract: Column, free: list[Profile]) -> Profile | None:
    for pattern in patterns:
        fitting = [
            each
            for each in free
            if re.fullmatch(pattern, words_of(_own_name(each.name))) and has_kind(contract, each)
        ]
        if fitting:
            return max(fitting, key=lambda each: each.filled)
    return None


def _own_name(name: str) -> str:
    """Return a column's name without the name of a join or of a list of objects."""
    return name.rpartition(".")[2]


def has_kind(contract: Column, column: Profile) -> bool:
    """Whether the values of a file column can be those of a contract column."""
    if isinstance(contract.type, T.TimestampType):
        return column.times is not None
    if isinstance(contract.type, T.NumericType):
        return column.writing is not None
    if contract.name == ORDER_ID:
        # A column "name" may be that of a product.
        return all(any(map(str.isdigit, text)) for text in column.examples)
    return True
