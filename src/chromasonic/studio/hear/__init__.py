"""The listeners' side of a listening test: all that who has a link can reach."""
