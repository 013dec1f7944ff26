"""Tools for development: Java and jars, a Kafka broker, a Spark cluster."""
