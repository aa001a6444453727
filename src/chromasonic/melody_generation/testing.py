"""Judging melody models: one in depth (`ModelTester`), several side by side (`ModelComparison`)."""

from chromasonic.melody_generation.comparing import ModelComparison, paired_tests
from chromasonic.melody_generation.judging import Judgement, TestSettings, judge_tunes
from chromasonic.melody_generation.tester import TERMS, ModelTester

__all__ = [
    "TERMS",
    "Judgement",
    "ModelComparison",
    "ModelTester",
    "TestSettings",
    "judge_tunes",
    "paired_tests",
]
