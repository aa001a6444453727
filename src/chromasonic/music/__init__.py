"""Values of music and theory: pitch, key, metre, notes, bars, tunes. No files, no tensors."""
