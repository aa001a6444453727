"""Trained models as files that other programs run (RTNeural JSON, ONNX), and proof of it."""
