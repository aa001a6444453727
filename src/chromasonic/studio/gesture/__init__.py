"""The Gesture page: a movement, what was recognized, what it plays."""
