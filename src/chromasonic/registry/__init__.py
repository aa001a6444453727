"""Which models there are: tracked runs, versions under names, where a version lies, its card."""
