"""The Compose page: new tunes."""
