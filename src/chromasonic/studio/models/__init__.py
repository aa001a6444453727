"""The Models page: versions, their cards, and which one is in use."""
