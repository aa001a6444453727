"""Long work beside the page: jobs that wait, run in child processes, and can be cancelled."""
