"""The same work on more processes and machines, with Ray: trials, training, corpora."""
