"""A task: a performer's movement as a sequence of graphs, and which gesture it is."""
