"""The segmentation model: customers grouped by recency, frequency and spend."""
