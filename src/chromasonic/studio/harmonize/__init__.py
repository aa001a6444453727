"""The Harmonize page: a melody set for four voices."""
