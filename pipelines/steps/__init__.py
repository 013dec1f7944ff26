"""What the scripts do: each step takes a context, and leaves the lake and its run behind."""
