"""What a developer's machine needs: Java and jars, a Kafka broker, a Spark cluster."""
