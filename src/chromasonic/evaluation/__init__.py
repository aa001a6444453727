"""Evaluation: figures with their n, interval and reason; nothing here knows of any one task."""
