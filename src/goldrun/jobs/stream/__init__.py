"""Messages, simulated feeds and files taken through all layers in micro-batches."""
