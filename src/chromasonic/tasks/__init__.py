"""What can be trained, by name: one way to train, find and judge a model of any task."""
