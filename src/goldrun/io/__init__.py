"""The edges: settings, Java and Spark, the lake, files, MLflow. Only pipelines import this room."""
