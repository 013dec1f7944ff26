"""What watches data and models: quality of a batch, drift since training, realised results."""
