"""The studio: a local page on which everything can be seen, heard, compared and voted on."""
