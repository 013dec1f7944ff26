"""Simulate a marketplace whose true customers, rates, rows and defects are known.

``draws`` gives random numbers, ``parameters`` the settings (``options`` parses them from text), and
``process`` the rates and lifetimes of customers. ``customers``, ``orders``, ``sessions`` and
``interactions`` compute the rows that silver must have. ``spelling`` formats these rows as text as
a shop does; ``faults`` and ``planting`` add the records that silver must reject or recognise as
duplicates. ``marketplace`` combines all of these for a chunk of customers.
"""
