"""Raw records to typed, deduplicated rows, every record with one fate. DataFrame in and out."""
