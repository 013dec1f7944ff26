"""Streaming of messages, simulated feeds and files through all layers, in micro-batches."""
