"""Write the default recipes from the pages where the numbers stand."""

from pathlib import Path

from chromasonic.companion import recipe as companion
from chromasonic.config import to_toml
from chromasonic.files import write_text
from chromasonic.gesture import recipe as gesture
from chromasonic.harmonization import training as harmonizer
from chromasonic.melody_generation.recipe import KINDS, default_recipe, recipe_to_dict
from chromasonic.tasks.search_spaces import space_toml

HERE = Path(__file__).parent
SEARCHED = "# What `chromasonic tune` may change; training leaves it alone."


def searched(task: str, *kinds: str) -> str:
    """The search tables of a recipe."""
    return "\n".join((f"\n{SEARCHED}\n", *(space_toml(task, kind) for kind in kinds)))


for kind in KINDS:
    head = (
        f"# The default {kind} recipe: chromasonic train melody --recipe recipes/melody_{kind}.toml"
    )
    text = to_toml(recipe_to_dict(default_recipe([kind])))
    print(write_text(HERE / f"melody_{kind}.toml", f"{head}\n\n{text}{searched('melody', kind)}"))

head = "# The default recipe: chromasonic train companion --recipe recipes/companion.toml"
text = to_toml(companion.recipe_to_dict(companion.default_recipe()))
text += searched("companion", *companion.COMPANIONS)
print(write_text(HERE / "companion.toml", f"{head}\n\n{text}"))

head = "# The default recipe: chromasonic train harmonizer --recipe recipes/harmonizer.toml"
text = to_toml(harmonizer.recipe_to_dict(harmonizer.default_recipe()))
text += searched("harmonizer", *harmonizer.FILES)
print(write_text(HERE / "harmonizer.toml", f"{head}\n\n{text}"))

head = (
    "# As the system was specified: "
    "chromasonic train gesture --recipe recipes/gesture-specification.toml"
)
text = to_toml(gesture.recipe_to_dict(gesture.specification_recipe()))
text += searched("gesture", "gesture")
print(write_text(HERE / "gesture-specification.toml", f"{head}\n\n{text}"))
