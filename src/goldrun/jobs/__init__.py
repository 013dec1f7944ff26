"""What the commands do: each job reads, calls a computation, writes and logs."""
