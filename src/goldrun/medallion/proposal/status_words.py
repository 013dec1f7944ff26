"""What the words of a status mean in several languages, by their beginnings."""

import unicodedata

from goldrun.contracts.entities import CANCELLED, COMPLETED, REFUNDED

_BEGINNINGS = {
    REFUNDED: ("refund", "return", "erstatt", "retour", "ruckerstatt", "rembours", "reembols"),
    CANCELLED: ("cancel", "void", "storn", "annul", "abgebroch", "geannuleerd", "anulad"),
    "failed": ("fail", "declin", "reject", "fehlgeschl", "abgelehnt", "echou", "fallid", "fallit"),
    "pending": ("pending", "open", "offen", "wait", "wart", "await", "en attente", "pendient"),
    COMPLETED: (
        *("complete", "paid", "ship", "deliver", "fulfil", "done", "success", "settled"),
        *(
            "bezahlt",
            "versandt",
            "versendet",
            "geliefert",
            "abgeschlossen",
            "erledigt",
            "zugestellt",
        ),
        *("paye", "livre", "expedi", "termine", "pagad", "pagat", "entregad", "enviad", "betaald"),
    ),
}
"""Beginnings of words by status; those that undo a purchase first."""


def status_of(word: str) -> str:
    """Return the status that a word means; empty if it is not known."""
    plain = unicodedata.normalize("NFKD", word.lower()).encode("ascii", "ignore").decode().strip()
    meant = (each for each, starts in _BEGINNINGS.items() if plain.startswith(starts))
    return next(meant, "")
