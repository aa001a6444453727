"""Write `cpp/include/chromasonic/specs.hpp` anew: python scripts/write_cpp_specs.py"""

from __future__ import annotations

from pathlib import Path

from chromasonic.companion.cpp_specs import PATH, specs_header

if __name__ == "__main__":
    target = Path(__file__).parents[1] / PATH
    target.write_text(specs_header(), encoding="utf-8")
    print(f"Wrote {target}")
