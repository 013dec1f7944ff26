"""goldrun: raw customer activity to bronze, silver and gold tables, and from gold to models.

Rooms, from the lowest to the highest; a lower one never imports a higher one:
``errors``, ``contracts``, ``medallion``, ``features``, ``learning`` and ``monitoring``,
``registry``. ``io`` holds every session, file and server; only the scripts in ``pipelines/``
import it. Importing this package starts nothing.
"""

__version__ = "0.1.0"
