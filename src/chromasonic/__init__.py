"""Chromasonic: small music models, trained on real music, judged honestly, shipped."""

__version__ = "0.1.0"
