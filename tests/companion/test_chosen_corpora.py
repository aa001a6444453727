"""A recipe can say which of its corpora a companion model learns from."""

from __future__ import annotations

from dataclasses import replace

import pytest

from chromasonic.companion.catalogue import COMPANIONS
from chromasonic.companion.companion import DataRequest
from chromasonic.companion.harmony_data import CORPORA, load_harmony
from chromasonic.companion.materials import prepare
from chromasonic.companion.recipe import DataSettings, recipe_from, recipe_to_dict
from chromasonic.config import to_toml
from chromasonic.errors import UsageError


def test_without_a_word_they_are_the_models_own() -> None:
    assert DataRequest().chosen(CORPORA) == CORPORA
    assert DataRequest(corpora=("bach-chorales",)).chosen(CORPORA) == ("bach-chorales",)


def test_the_corpora_of_a_recipe_survive_being_written() -> None:
    import tomllib

    values = {"harmony_predictor": {"data": {"corpora": ["mcgill-billboard", "bach-chorales"]}}}
    recipe = recipe_from(values)
    assert recipe.harmony_predictor is not None
    assert recipe.harmony_predictor.data.corpora == ("mcgill-billboard", "bach-chorales")
    assert recipe_from(tomllib.loads(to_toml(recipe_to_dict(recipe)))) == recipe


def test_chords_can_be_learned_from_the_chorales_that_are_free_alone() -> None:
    data = load_harmony(DataRequest(corpora=("bach-chorales",)))
    assert [manifest.name for manifest in data.manifests] == ["bach-chorales"]
    assert all(manifest.weights_may_ship for manifest in data.manifests)
    parts = [set(data.train.pieces), set(data.validation.pieces), set(data.test().pieces)]
    assert all(parts)
    assert len(set.union(*parts)) == sum(map(len, parts))


@pytest.mark.parametrize("name", sorted(COMPANIONS))
def test_a_corpus_that_a_model_cannot_learn_from_is_refused(name: str) -> None:
    settings = replace(DataSettings(), corpora=("when-in-rome",))
    with pytest.raises(UsageError, match="cannot learn from when-in-rome; allowed as corpora"):
        prepare(COMPANIONS[name], settings)
