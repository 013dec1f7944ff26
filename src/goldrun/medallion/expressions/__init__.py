"""The mapping language: expressions over a source's text columns that every engine computes alike.

``binding.read`` checks an expression without an engine and gives a ``Value``; its ``column``
makes the Spark column. What the functions are is declared in ``table.FUNCTIONS``, once each;
``docs/reference/mapping-language.md`` is written from it.
"""
