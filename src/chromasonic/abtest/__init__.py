"""Is B better than A: over tunes, with tests; and by listeners, looking whenever one likes."""
