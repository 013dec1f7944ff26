"""Remove invisible characters from the ends of text before it is compared and parsed."""

from pyspark.sql import Column
from pyspark.sql import functions as F

from goldrun.contracts.text import INVISIBLE


def trimmed(text: Column) -> Column:
    """Remove white space, control characters and invisible marks from both ends of a text.

    Args:
        text: Text; null stays null.

    Returns:
        The text, which may be empty; characters inside it do not change.
    """
    return F.trim(text, F.lit(INVISIBLE))
