"""The Train page: runs, and their curves while they learn."""
