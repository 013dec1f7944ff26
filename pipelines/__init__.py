"""The commands: one thin script for each, with its options. What they do is in ``steps``.

``PYTHONPATH=src:. python pipelines/<name>.py --help`` lists its options.
"""
