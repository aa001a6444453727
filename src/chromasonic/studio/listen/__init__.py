"""The Listen page: blind listening experiments."""
