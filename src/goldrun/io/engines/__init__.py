"""What computes: Spark, a Spark Connect server, or Sail."""
