"""Search over recipes: spaces, studies, trials, and what was found."""
