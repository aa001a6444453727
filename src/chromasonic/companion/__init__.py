"""Companion models: five small networks that listen and play along in real time."""
