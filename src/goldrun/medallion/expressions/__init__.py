"""The mapping language: expressions over a source's text columns with equal results on all engines.

``binding.read`` checks an expression without an engine and returns a ``Value``, whose ``column``
builds the Spark column. ``table.FUNCTIONS`` declares each function once;
``docs/reference/mapping-language.md`` is generated from it.
"""
