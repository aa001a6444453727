"""Sound of what is on the shelf, rendered when it is asked for."""
