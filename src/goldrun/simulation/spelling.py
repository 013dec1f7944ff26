"""Write rows as text in the shop's formats: valid values in non-standard forms."""

import numpy as np
import pandas as pd

from goldrun.contracts import behaviour, entities
from goldrun.simulation.customers import PHONE_BLOCK, PHONE_BLOCKS, PHONE_NUMBER
from goldrun.simulation.draws import Draws, Flags
from goldrun.simulation.layouts import TRACE, Layout
from goldrun.simulation.orders import AMOUNT_CENTS, FILE_CURRENCY, ONE_PIECE, PRICE_CENTS
from goldrun.simulation.rows import CUSTOMER, ROW, micros_of
from goldrun.simulation.text import Text, decimal, iso_time, pick, whole

_SPELLINGS: dict[str, dict[str, tuple[str, ...]]] = {
    entities.TRANSACTION_STATUS: {
        "completed": ("completed", "Completed", "COMPLETE"),
        "pending": ("pending", "Pending", "PENDING "),
        "cancelled": ("cancelled", "Canceled", "Cancelled"),
        "refunded": ("refunded", "Refunded", " refunded"),
        "failed": ("failed", "Failed", "FAILED"),
    },
    entities.PAYMENT_METHOD: {
        "card": ("Credit Card", "debit-card", "card"),
        "wallet": ("PayPal", "Apple Pay", "google_pay"),
        "bank_transfer": ("Bank Transfer", "transfer", "bank_transfer"),
        "invoice": ("Invoice", "invoice", "INVOICE"),
        "cash": ("Cash", "cash", "CASH"),
        "voucher": ("Gift Card", "voucher", "Voucher"),
        "other": ("Other", "other", "OTHER"),
    },
    entities.CUSTOMER_SEGMENT: {
        "consumer": ("consumer", "Consumer", "CONSUMER"),
        "small_business": ("Small Business", "small-business", "small_business"),
        "wholesale": ("Wholesale", "wholesale", " wholesale "),
        "vip": ("VIP", "vip", "Vip"),
    },
    entities.CURRENCY: {
        "EUR": ("EUR", "EUR", "eur"),
        "GBP": ("GBP", "GBP", "gbp"),
        "USD": ("USD", "USD", "usd"),
    },
    behaviour.DEVICE_TYPE: {
        "desktop": ("Desktop", "PC", "desktop"),
        "mobile": ("Mobile", "phone", "mobile"),
        "tablet": ("Tablet", "tablet", "TABLET"),
        "other": ("Other", "other", "OTHER"),
    },
    behaviour.EVENT_TYPE: {
        "page_view": ("page_view", "Page View", "pageview"),
        "search": ("search", "Search", "SEARCH"),
        "click": ("click", "Click", "CLICK"),
        "add_to_cart": ("add_to_cart", "Add to Cart", "cart"),
        "remove_from_cart": ("remove_from_cart", "Remove from Cart", "remove-from-cart"),
        "checkout": ("checkout", "Checkout", "CHECKOUT"),
        "purchase": ("purchase", "Purchase", "order"),
    },
    behaviour.INTERACTION_TYPE: {
        "email": ("E-Mail", "email", "mail"),
        "phone": ("Phone", "call", "phone"),
        "chat": ("Chat", "chat", "CHAT"),
        "social": ("Social", "social", "SOCIAL"),
        "other": ("Other", "other", "OTHER"),
    },
    behaviour.INTERACTION_OUTCOME: {
        "resolved": ("Resolved", "solved", "resolved"),
        "unresolved": ("Unresolved", "unsolved", "unresolved"),
        "escalated": ("Escalated", "escalated", "ESCALATED"),
        "abandoned": ("Abandoned", "abandoned", "ABANDONED"),
    },
}
"""Spellings of each category; the contract maps all of them to the category."""
_TO_THE_MILLISECOND = (behaviour.SESSION_START, behaviour.SESSION_END, behaviour.EVENT_TIMESTAMP)
_FILE_MONEY = {entities.PRICE: PRICE_CENTS, entities.AMOUNT: AMOUNT_CENTS}
_OMITTED = 0.3
_LOCAL = 0.3
_SPACED = 0.05


def spell(draws: Draws, layout: Layout, rows: pd.DataFrame) -> pd.DataFrame:
    """Format the rows of an entity as text columns of its files.

    Args:
        draws: Random numbers.
        layout: Layout of the entity's files.
        rows: All versions, with ``CUSTOMER`` and ``ROW``.

    Returns:
        One row a row of ``rows``, with the columns of the file; null is an empty field.
    """
    columns = {TRACE: pick([None], np.zeros(len(rows), dtype=np.int64))}
    for column, name in layout.columns.items():
        columns[name] = _Speller(draws, layout, rows, column).text()
    return pd.DataFrame(columns)


class _Speller:
    """Formats one column of an entity; random choices depend on the row and the column."""

    def __init__(self, draws: Draws, layout: Layout, rows: pd.DataFrame, column: str) -> None:
        self._draws, self._layout, self._rows, self._column = draws, layout, rows, column
        self._customer, self._row = rows[CUSTOMER].to_numpy(), rows[ROW].to_numpy()

    def text(self) -> Text:
        column = self._column
        special = {
            entities.PHONE: self._phone,
            entities.EMAIL: self._email,
            entities.QUANTITY: self._pieces,
        }
        if column in special:
            return special[column]()
        if column in _FILE_MONEY:
            return decimal(self._rows[_FILE_MONEY[column]].to_numpy(), 2)
        if column in _SPELLINGS:
            return self._category()
        writers = {"M": self._time, "i": self._seconds}
        return writers.get(self._rows[column].dtype.kind, self._free)()

    def _chance(self, what: str, share: float) -> Flags:
        stream = f"spelling/{self._layout.entity}/{self._column}/{what}"
        return self._draws.chance(stream, self._customer, share, self._row)

    def _spaced(self, text: Text) -> Text:
        return text.mask(self._chance("spaces", _SPACED), " " + text + " ")

    def _free(self) -> Text:
        return self._spaced(self._rows[self._column])

    def _email(self) -> Text:
        address = self._rows[entities.EMAIL]
        return address.mask(self._chance("capitals", 0.3), address.str.title())

    def _pieces(self) -> Text:
        return whole(self._rows[entities.QUANTITY].to_numpy() // ONE_PIECE)

    def _category(self) -> Text:
        canonical = self._rows[FILE_CURRENCY if self._column == entities.CURRENCY else self._column]
        spellings = _SPELLINGS[self._column]
        names = list(spellings)
        stream = f"spelling/{self._layout.entity}/{self._column}"
        way = self._draws.below(stream, self._customer, 3, self._row)
        place = pd.Index(names).get_indexer(pd.Index(canonical.astype(object)))
        flat = [*(text for name in names for text in spellings[name]), None]
        return pick(flat, np.where(place < 0, len(flat) - 1, place * 3 + way))

    def _time(self) -> Text:
        times = self._rows[self._column]
        micros = np.where(times.isna(), 0, micros_of(self._rows, self._column))
        local = self._chance("local", _LOCAL)
        text = self._spaced(iso_time(micros, self._column in _TO_THE_MILLISECOND, local))
        return text.mask(times.isna() | self._omitted())

    def _seconds(self) -> Text:
        values = self._rows[self._column]
        text = decimal(values.fillna(0).to_numpy(dtype=np.int64), behaviour.SECONDS.scale)
        return text.mask(values.isna() | self._omitted())

    def _omitted(self) -> Flags:
        """Choose rows whose value is omitted because the contract's default equals it."""
        rows = self._rows
        if self._column == behaviour.SESSION_DURATION:
            known = rows[behaviour.SESSION_END].notna()
        elif self._column == entities.UPDATED_AT:
            origin = (
                entities.REGISTRATION_DATE
                if entities.REGISTRATION_DATE in rows
                else entities.TRANSACTION_DATE
            )
            known = rows[origin] == rows[entities.UPDATED_AT]
        else:
            return np.zeros(len(rows), dtype=bool)
        return known.to_numpy(bool) & self._chance("left out", _OMITTED)

    def _phone(self) -> Text:
        block = self._rows[PHONE_BLOCK].to_numpy()
        number = pd.Series(self._rows[PHONE_NUMBER].to_numpy())
        way = self._draws.below("spelling/phone", self._customer, 4, self._row)
        prefixes = [text for parts in PHONE_BLOCKS for text in _prefixes(*parts)]
        last = pick([f"{v:03d}" for v in range(1_000)], number.to_numpy())
        return (pick(prefixes, block * 4 + way) + last).where(self._rows[entities.PHONE].notna())


def _prefixes(country: str, area: str, block: str) -> tuple[str, str, str, str]:
    """Return four prefixes of a number; national forms without country code for Germany only."""
    abroad = f"{country} {area} {block}"
    digits = f"{country}{area}{block}"
    if country != "+49":
        return abroad, digits, f"00{digits[1:]} ", f"{country} (0){area} {block}"
    return abroad, f"0{area} {block} ", f"0{area}/{block}", f"00{digits[1:]} "
