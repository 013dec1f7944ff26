"""Every daily metric and every feature, each declared once: what it means and its SQL.

A feature is added by one entry in ``purchase_features``, ``window_features``, ``refund_features``,
``session_features`` or ``interaction_features``, a daily metric by one entry in
``purchase_metrics``, ``session_metrics`` or ``interaction_metrics``. ``feature_tables`` derives
the tables ``gold/customer_daily`` and ``gold/customer_features`` from the entries.
"""
