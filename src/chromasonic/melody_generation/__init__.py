"""Melody generation: its tokens, models, training, testing and generation."""
