"""The Groove page: drums played as drummers play."""
