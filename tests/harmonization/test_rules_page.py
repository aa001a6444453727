"""docs/harmony-rules.md has every rule as it is in the code."""

from __future__ import annotations

from pathlib import Path

from chromasonic.harmonization.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "harmony-rules.md"


def rows() -> dict[str, list[str]]:
    lines = PAGE.read_text(encoding="utf-8").splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if "|" in line]
    return {row[0].strip("`"): row[1:] for row in cells if row[0].startswith("`")}


def test_the_page_has_all_rules_in_their_order():
    assert list(rows()) == list(RULES)


def test_each_row_says_what_is_wrong_at_what_cost_and_where_it_is_written():
    for name, (text, weight, *rates, source) in rows().items():
        rule = RULES[name]
        assert (text, float(weight), source) == (rule.text, round(rule.weight, 2), rule.source)
        assert len(rates) == 3
        assert all(float(rate) >= 0 for rate in rates)
