"""Flows as Spark jobs: the bundle, and what ``spark-submit`` runs."""
