"""In what order data moves: one thin script an arrow, each a command and an MLproject entry point.

``python pipelines/<name>.py --help`` lists its options.
"""
