"""In what order data moves: one thin script an arrow, each a command and an MLproject entry point.

``PYTHONPATH=src:. python pipelines/<name>.py --help`` lists its options.
"""
