"""A marketplace whose truth is known: customers, what they do, and how its files say so.

Numbers come from ``draws``, sizes and rates from ``parameters`` (typed: ``options``), who buys how
often and for how long from ``process``.
``customers``, ``orders``, ``visits`` and ``contacts`` make the rows that silver must hold;
``spelling`` writes them as a shop would, ``faults`` and ``planting`` add the rows that silver must
refuse. ``marketplace`` puts one chunk of customers together.
"""
