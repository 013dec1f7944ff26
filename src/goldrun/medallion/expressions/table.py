"""The functions of the mapping language, each declared once."""

from goldrun.medallion.expressions.function import Function
from goldrun.medallion.expressions.number_functions import NUMBER_FUNCTIONS
from goldrun.medallion.expressions.other_functions import OTHER_FUNCTIONS
from goldrun.medallion.expressions.part_functions import PART_FUNCTIONS
from goldrun.medallion.expressions.search_functions import SEARCH_FUNCTIONS
from goldrun.medallion.expressions.text_functions import TEXT_FUNCTIONS
from goldrun.medallion.expressions.time_functions import TIME_FUNCTIONS

GROUPS = {
    "Text": TEXT_FUNCTIONS,
    "Search and regular expressions": SEARCH_FUNCTIONS,
    "Lists, JSON, hashes": PART_FUNCTIONS,
    "Numbers": NUMBER_FUNCTIONS,
    "Times": TIME_FUNCTIONS,
    "Any kind": OTHER_FUNCTIONS,
}
"""All entries, as the reference shows them."""
FUNCTIONS: dict[str, Function] = {f.name: f for group in GROUPS.values() for f in group}
ALIASES = {
    "substr": "substring",
    "char_length": "length",
    "character_length": "length",
    "len": "length",
    "ucase": "upper",
    "lcase": "lower",
    "ceiling": "ceil",
    "iff": "if",
    "rlike": "regexp_like",
    "regexp": "regexp_like",
    "cardinality": "size",
    "try_element_at": "element_at",
}
"""Other names of functions."""
