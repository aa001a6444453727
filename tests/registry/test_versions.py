"""Registering, finding, promoting, rolling back, pruning: what a user of the registry relies on."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from version_stage import made_model

from chromasonic.errors import RegistryError, UsageError
from chromasonic.registry import pruning, storing
from chromasonic.registry.reference import located, reference_in
from chromasonic.registry.sending import sole_sender
from chromasonic.registry.spool import Spool, tracked_run
from chromasonic.registry.unsent import send_before_registering
from chromasonic.registry.version import Version
from chromasonic.registry.versions import Registry


def numbers(registry: Registry, name: str) -> list[int]:
    return [version.number for version in registry.versions(name)]


def test_a_registered_model_is_found_by_number_and_alias_with_all_that_is_known(
    registry: Registry, tmp_path: Path
) -> None:
    model = made_model(tmp_path)

    version = registry.register(model, "folk", aliases=["champion"], note="the first")

    assert version.reference == "folk@1"
    assert version.aliases == ("champion",)
    assert version.note == "the first"
    assert version.facts == model.facts
    assert registry.get("folk@champion") == registry.get("folk@1") == version
    assert set(version.files) == {*model.files, "run.json", "facts.json"}


def test_its_folder_holds_the_files_as_they_were_when_the_run_is_long_gone(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path, weights=b"first"), "folk")
    shutil.rmtree(tmp_path / "run")

    folder = registry.folder_of("folk@1")

    assert (folder / "lstm_checkpoints/melody_lstm_best.pt").read_bytes() == b"first"
    assert json.loads((folder / "facts.json").read_text())["title"] == "An LSTM"
    assert located("folk@1") == folder


def test_numbers_count_up_and_are_never_given_again(registry: Registry, tmp_path: Path) -> None:
    for _ in range(3):
        registry.register(made_model(tmp_path), "folk")
    registry.delete("folk@3")

    assert registry.register(made_model(tmp_path), "folk").number == 4
    assert numbers(registry, "folk") == [1, 2, 4]


def test_a_version_with_no_model_of_its_name_or_number_names_near_ones(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk-lstm", aliases=["champion"])

    with pytest.raises(RegistryError, match=r"'folk-lstn'.*Did you mean 'folk-lstm'\?"):
        registry.get("folk-lstn@1")
    with pytest.raises(RegistryError, match=r"no version '2'\. Versions: 1\."):
        registry.get("folk-lstm@2")
    with pytest.raises(RegistryError, match=r"no alias 'champoin'\. Did you mean 'champion'\?"):
        registry.get("folk-lstm@champoin")
    with pytest.raises(RegistryError, match="no version '2'"):
        located("folk-lstm@2")


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "-x", ".x", "a b", "ä", "x" * 65, "a@1", "a\n"])
def test_names_that_some_system_could_not_keep_are_refused(
    registry: Registry, tmp_path: Path, name: str
) -> None:
    with pytest.raises(UsageError, match="cannot be called"):
        registry.register(made_model(tmp_path), name)


@pytest.mark.parametrize("alias", ["1", "v1", "V2", "latest", "Latest", "", "a b", "a/b"])
def test_aliases_that_could_be_taken_for_something_else_are_refused(
    registry: Registry, tmp_path: Path, alias: str
) -> None:
    with pytest.raises(UsageError, match="alias cannot be called"):
        registry.register(made_model(tmp_path), "folk", aliases=[alias])
    assert registry.names() == ()


def test_a_path_that_is_there_stays_a_path(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk")
    monkeypatch.chdir(tmp_path)

    assert reference_in("runs/x@1") is None
    assert str(reference_in("folk@1")) == "folk@1"
    Path("folk@1").mkdir()
    assert located("folk@1") == Path("folk@1")


def test_rollback_goes_back_and_twice_goes_further(registry: Registry, tmp_path: Path) -> None:
    for _ in range(3):
        registry.register(made_model(tmp_path), "folk", aliases=["champion"], why="newer")

    first = registry.rollback("folk", why="it sounded worse")
    second = registry.rollback("folk")

    assert (first.before, first.after, first.why) == (3, 2, "it sounded worse")
    assert (second.before, second.after) == (2, 1)
    assert registry.aliases("folk") == {"champion": 1}
    with pytest.raises(RegistryError, match="nothing to roll back"):
        registry.rollback("folk")
    assert [(c.kind, c.before, c.after) for c in registry.history("folk")] == [
        ("set", None, 1), ("set", 1, 2), ("set", 2, 3), ("rollback", 3, 2), ("rollback", 2, 1)
    ]  # fmt: skip
    assert all(re.match(r".+@.+", c.who) and c.when.startswith("20") for c in first and [first])


def test_pointing_an_alias_to_where_it_points_notes_nothing(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk", aliases=["champion"])

    change = registry.set_alias("folk@1", "champion")

    assert not change.is_new
    assert len(registry.history("folk")) == 1


def test_an_alias_that_was_removed_comes_back(registry: Registry, tmp_path: Path) -> None:
    registry.register(made_model(tmp_path), "folk", aliases=["champion"])

    registry.remove_alias("folk", "champion")
    with pytest.raises(RegistryError, match="no alias 'champion'"):
        registry.get("folk@champion")

    assert registry.rollback("folk").after == 1


def test_what_another_program_did_to_an_alias_is_gone_back_over(
    registry: Registry, tmp_path: Path
) -> None:
    for _ in range(3):
        registry.register(made_model(tmp_path), "folk")
    registry.set_alias("folk@1")
    registry.store.client.set_registered_model_alias("folk", "champion", "3")  # MLflow's page

    assert registry.rollback("folk").after == 1


def test_versions_know_the_moves_that_were_theirs(registry: Registry, tmp_path: Path) -> None:
    for _ in range(2):
        registry.register(made_model(tmp_path), "folk", aliases=["champion"])

    assert [(c.before, c.after) for c in registry.get("folk@1").history] == [(None, 1), (1, 2)]
    assert [(c.before, c.after) for c in registry.get("folk@2").history] == [(1, 2)]


def test_a_parent_is_kept_as_the_version_that_its_alias_meant(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "base", aliases=["champion"])

    child = registry.register(made_model(tmp_path, parent="base@champion"), "folk")

    assert child.parent == child.facts.parent == "base@1"
    assert [version.reference for version in registry.children("base@1")] == ["folk@1"]


def test_a_parent_that_was_given_as_a_path_is_known_by_its_bytes(
    registry: Registry, tmp_path: Path
) -> None:
    base = registry.register(made_model(tmp_path, weights=b"the base"), "base")
    best = base.files["lstm_checkpoints/melody_lstm_best.pt"]

    child = registry.register(
        made_model(tmp_path, parent="runs/base", parent_weights=best.sha256), "folk"
    )
    stranger = registry.register(
        made_model(tmp_path, parent="runs/other", parent_weights="0" * 64), "folk"
    )

    assert child.parent == "base@1"
    assert stranger.parent == "runs/other"


def test_a_parent_that_is_not_registered_is_refused_where_it_was_named(
    registry: Registry, tmp_path: Path
) -> None:
    with pytest.raises(RegistryError, match="under the name 'base'"):
        registry.register(made_model(tmp_path), "folk", parent="base@1")
    assert registry.names() == ()


def test_the_same_files_are_known_again_whatever_their_run_is_called(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk")

    again = registry.same_as(made_model(tmp_path, run="copied"))
    other = registry.same_as(made_model(tmp_path, weights=b"other"))

    assert [version.reference for version in again] == ["folk@1"]
    assert other == []


def test_exports_are_registered_with_their_version(registry: Registry, tmp_path: Path) -> None:
    registry.register(made_model(tmp_path), "folk")
    file = tmp_path / "tune_lstm.onnx"
    file.write_bytes(b"graph")

    registry.attach_export("folk@1", [file], format="onnx", parity={"largest_difference": 1e-7})
    file.write_bytes(b"better graph")
    registry.attach_export("folk@1", [file], format="onnx", parity={"largest_difference": 1e-9})

    (export,) = registry.get("folk@1").exports
    assert export.format == "onnx"
    assert export.parity == {"largest_difference": 1e-9}
    folder = registry.export_folder("folk@1", "onnx")
    assert (folder / "tune_lstm.onnx").read_bytes() == b"better graph"
    assert len(list(folder.parent.iterdir())) == 1  # the first one made way
    with pytest.raises(RegistryError, match="no export of the format 'rtneural'; it has onnx"):
        registry.export_folder("folk@1", "rtneural")


def test_a_tampered_export_is_refused_and_told_by_verify(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk")
    file = tmp_path / "tune_lstm.onnx"
    file.write_bytes(b"graph")
    registry.attach_export("folk@1", [file], format="onnx")
    (registry.export_folder("folk@1", "onnx") / "tune_lstm.onnx").write_bytes(b"evil!")

    with pytest.raises(RegistryError, match=r"tune_lstm\.onnx was changed"):
        registry.export_folder("folk@1", "onnx")
    (told,) = registry.verify("folk@1")
    assert told.startswith("onnx: ")


def test_a_tampered_version_is_refused_with_the_file_and_a_next_step(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk")
    assert registry.verify("folk@1") == ()
    (registry.folder_of("folk@1") / "lstm_checkpoints/melody_lstm_best.pt").write_bytes(b"weightz")

    with pytest.raises(
        RegistryError,
        match=r"melody_lstm_best\.pt was changed.*models register RUN --name folk",
    ):
        located("folk@1")
    assert len(registry.verify("folk@1")) == 1


def test_a_manifest_changed_in_the_database_is_refused(registry: Registry, tmp_path: Path) -> None:
    registry.register(made_model(tmp_path), "folk")
    registry.store.client.set_model_version_tag(
        "folk", "1", "chromasonic.manifest", '{"format":1,"files":{}}\n'
    )

    with pytest.raises(RegistryError, match="changed in the database"):
        registry.get("folk@1")


def test_a_place_in_the_database_that_leads_out_of_the_registry_is_refused(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk")
    registry.store.client.set_model_version_tag(
        "folk", "1", "chromasonic.place", "../../../outside"
    )

    with pytest.raises(RegistryError, match=r"'\.\./\.\./\.\./outside'"):
        registry.folder_of("folk@1")


def test_a_registry_that_was_moved_as_a_folder_still_finds_its_files(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry.register(made_model(tmp_path), "folk")
    moved = shutil.copytree(Path(registry.store.address), tmp_path / "moved")
    shutil.rmtree(Path(registry.store.address) / "artifacts")
    monkeypatch.setenv("CHROMASONIC_REGISTRY", str(moved))

    assert located("folk@1").is_relative_to(moved)


def test_models_of_another_program_are_left_alone(registry: Registry, tmp_path: Path) -> None:
    registry.store.client.create_registered_model("theirs")
    registry.store.client.create_model_version("theirs", "file:///nowhere")
    registry.register(made_model(tmp_path), "folk")

    assert [version.reference for version in registry.versions()] == ["folk@1"]
    with pytest.raises(RegistryError, match="not registered by Chromasonic"):
        registry.get("theirs@1")


def test_a_file_that_is_not_there_registers_nothing(registry: Registry, tmp_path: Path) -> None:
    model = made_model(tmp_path)
    (tmp_path / "run/lstm_checkpoints/melody_lstm_best.pt").unlink()

    with pytest.raises(RegistryError, match="which belongs to the model"):
        registry.register(model, "folk")
    assert registry.names() == ()


def lineage(registry: Registry, folder: Path) -> list[Version]:
    """Five versions: 2 is the champion before 3, 5 began from 1; 4 is of no use to anybody."""
    made = [registry.register(made_model(folder), "folk") for _ in range(4)]
    registry.set_alias("folk@2")
    registry.set_alias("folk@3")
    made.append(registry.register(made_model(folder, parent="folk@1"), "folk"))
    return made


def test_pruning_takes_what_nothing_needs_with_its_files(
    registry: Registry, tmp_path: Path
) -> None:
    versions = lineage(registry, tmp_path)
    folders = {version.number: registry.folder_of(version.reference) for version in versions}

    trial = registry.prune("folk", keep=1, dry_run=True)
    assert (numbers(registry, "folk"), trial.is_done) == ([1, 2, 3, 4, 5], False)
    pruned = registry.prune("folk", keep=1)

    assert [v.number for v in pruned.removed] == [v.number for v in trial.removed] == [4]
    assert pruned.kept == {
        "folk@1": ("folk@5 began from it",),
        "folk@2": ("a rollback of champion leads to it",),
        "folk@3": ("champion points to it",),
        "folk@5": ("it is one of the newest 1",),
    }
    assert {number: folder.exists() for number, folder in folders.items()} == {
        1: True, 2: True, 3: True, 4: False, 5: True,
    }  # fmt: skip
    assert registry.rollback("folk").after == 2
    assert all(registry.verify(f"folk@{number}") == () for number in (1, 2, 3, 5))


def test_what_an_experiment_holds_is_not_pruned_until_it_lets_go(
    registry: Registry, tmp_path: Path
) -> None:
    for _ in range(2):
        registry.register(made_model(tmp_path), "folk")
    registry.hold("folk@1", by="experiment taste")

    assert registry.prune(keep=1).kept["folk@1"] == ("experiment taste needs it",)
    with pytest.raises(RegistryError, match="experiment taste needs it"):
        registry.delete("folk@1")
    registry.release("folk@1", by="experiment taste")
    assert [v.reference for v in registry.prune(keep=1).removed] == ["folk@1"]


def test_a_version_that_is_needed_is_deleted_by_force_alone(
    registry: Registry, tmp_path: Path
) -> None:
    registry.register(made_model(tmp_path), "folk", aliases=["champion"])

    with pytest.raises(RegistryError, match="champion points to it"):
        registry.delete("folk@1")
    registry.delete("folk@1", force=True)

    assert registry.names() == ()


def test_what_a_killed_process_left_is_swept_but_not_what_is_being_written(
    registry: Registry, tmp_path: Path
) -> None:
    version = registry.register(made_model(tmp_path), "folk")
    shelf = registry.folder_of("folk@1").parent
    old = shelf / "20200101T000000-aaaaaaaaaaaa"
    shutil.copytree(registry.folder_of("folk@1"), old)
    model = made_model(tmp_path)
    with storing.staged(model.files, model.texts) as (folder, _):  # at work just now
        run = registry.store.client.get_run(version.run)
        _, fresh = storing.put(registry.store, run, folder, storing.VERSIONS)

    pruned = registry.prune()

    assert [one.path for one in pruned.leftovers] == [f"versions/{old.name}"]
    assert not old.exists()
    assert (registry.store.artifacts / fresh).is_dir()  # type: ignore[operator]
    later = pruning.prune(registry, None, keep=3, dry_run=False, leftover_age=timedelta(0))
    assert [one.path for one in later.leftovers] == ["versions/" + fresh.rpartition("/")[2]]
    assert registry.verify("folk@1") == ()


def test_a_tracked_run_holds_the_files_of_its_models(registry: Registry, tmp_path: Path) -> None:
    client = registry.store.client
    run = client.create_run(registry.store.experiment("melody"))

    version = registry.register(made_model(tmp_path, tracked_run=run.info.run_id), "folk")
    lost = registry.register(made_model(tmp_path, tracked_run="0" * 32), "folk")

    assert version.run == run.info.run_id
    assert client.get_model_version("folk", "1").run_id == run.info.run_id
    assert lost.run != version.run
    assert client.get_run(lost.run).data.metrics == {"validation pitch_bits": 2.5}


def test_what_is_fetched_from_elsewhere_is_checked_and_kept(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from a server: the store's folder is told to be on another machine."""
    monkeypatch.setenv("CHROMASONIC_CACHE", str(tmp_path / "cache"))
    registry.register(made_model(tmp_path), "folk")
    there = registry.folder_of("folk@1")
    address = there.as_uri()
    registry.store.client.set_model_version_tag("folk", "1", "chromasonic.place", address)
    monkeypatch.setattr(storing, "_local", lambda uri: None)

    folder = registry.folder_of("folk@1")
    assert folder.is_relative_to(tmp_path / "cache")
    (folder / "run.json").write_text("changed")
    assert registry.folder_of("folk@1") == folder  # it is fetched again
    assert (folder / "run.json").read_text() == '{"task": "melody"}\n'

    shutil.rmtree(folder)
    (there / "run.json").write_text("changed there")
    with pytest.raises(RegistryError, match=r"run\.json was changed"):
        registry.folder_of("folk@1")
    assert not folder.exists()


def test_a_run_that_was_not_sent_yet_is_sent_before_its_model_is_registered(
    registry: Registry, tmp_path: Path
) -> None:
    spool = Spool(tmp_path / "run")
    begin = {"event": "begin", "key": "k", "name": "melody_lstm", "kind": "lstm",
             "experiment": "melody", "tags": {}}  # fmt: skip
    spool.append(begin, {"event": "end", "key": "k", "status": "FINISHED"})
    assert tracked_run(tmp_path / "run", "melody_lstm") == ""

    assert send_before_registering(tmp_path / "run", registry.store) == ""

    run_id = tracked_run(tmp_path / "run", "melody_lstm")
    version = registry.register(made_model(tmp_path, tracked_run=run_id), "folk")
    assert version.run == run_id
    assert registry.store.client.get_run(run_id).info.status == "FINISHED"


def test_a_run_that_somebody_else_is_sending_is_told_and_waited_for_no_longer_than_asked(
    registry: Registry, tmp_path: Path
) -> None:
    Spool(tmp_path / "run").append({"event": "begin", "key": "k", "name": "melody_lstm"})

    with sole_sender(tmp_path / "run") as may_send:
        assert may_send
        told = send_before_registering(tmp_path / "run", registry.store, seconds=0.1)

    assert "another process is still sending it" in told
    assert send_before_registering(tmp_path / "no-run", registry.store) == ""


def test_a_model_of_too_many_files_is_refused_before_anything_is_written(
    registry: Registry, tmp_path: Path
) -> None:
    model = made_model(tmp_path)
    many = {f"lstm_checkpoints/epoch_{number}.pt": file
            for file in list(model.files.values())[:1] for number in range(1_000)}  # fmt: skip

    with pytest.raises(RegistryError, match="1001 files are too many"):
        registry.register(replace(model, files=many, texts={}), "folk")
    assert registry.names() == ()
    assert list(registry.store.artifacts.glob("*")) == []  # type: ignore[union-attr]


def test_facts_too_long_for_a_database_leave_the_recipe_to_the_folder(
    registry: Registry, tmp_path: Path
) -> None:
    recipe = {"data": {"pieces": "x" * 70_000}}

    version = registry.register(made_model(tmp_path, recipe=recipe), "folk")

    assert version.facts.recipe == {}
    told = json.loads((registry.folder_of("folk@1") / "facts.json").read_text())
    assert told["recipe"] == recipe
