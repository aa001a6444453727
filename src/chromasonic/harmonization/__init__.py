"""Four-part harmonization of a melody: rules, exact search, and agents that learn."""
