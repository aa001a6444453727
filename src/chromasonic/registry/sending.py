"""A run directory's spool, sent to the store; sending twice changes nothing.

What was sent is noted after each group of events. A process killed between sending and noting sends
the group again: the store knows a figure by run, name, step and time, so it stands there once, and
a run is found again by its key.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from chromasonic.registry.pending import forget
from chromasonic.registry.spool import Spool, is_alive
from chromasonic.registry.store import AbsentError, Store

KEY_TAG = "chromasonic.key"
MOST_METRICS, MOST_WORDS = 500, 100
"""In one request, of the 1000 and 100 that MLflow allows."""
LOCK = ".tracking.lock"


@contextmanager
def sole_sender(folder: Path, seconds: float = 0.0) -> Iterator[bool]:
    """Within the block no other process sends this run directory's spool.

    Yields:
        Whether this process may send: no other one was at it, or it ended within `seconds`.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(folder / LOCK, timeout=seconds)
    try:
        lock.acquire()
    except Timeout:
        yield False
        return
    try:
        yield True
    finally:
        lock.release()


class Sender:
    """Sends what a spool holds.

    Args:
        spool: of a run directory.
        store: where it goes. One at another address than last time gets everything anew.
    """

    def __init__(self, spool: Spool, store: Store) -> None:
        self.spool, self.store = spool, store
        sent = spool.sent()
        if sent.address != store.shown:
            sent = replace(sent, address=store.shown, bytes=0, runs={})
        self.sent = replace(sent, trouble="", note="", sender=os.getpid())

    def send(self) -> None:
        """Send every whole line that was not sent yet, and note it.

        Raises:
            RegistryError: the store cannot be written.
            OSError, StorageError: the run directory cannot be read or written.
        """
        if self.sent.bytes > self.spool.size:  # written anew since
            self.sent = replace(self.sent, bytes=0)
        group: list[dict[str, Any]] = []
        at = self.sent.bytes
        for end, event in self.spool.events(at):
            is_figure = event.get("event") == "metrics"
            if group and (not is_figure or len(group) >= 100 or event["key"] != group[0]["key"]):
                self._act(Sender._metrics, group)
                self._note(at)
                group = []
            if is_figure:
                group.append(event)
            elif event:
                self._act(_ACTIONS.get(event["event"], Sender._nothing), event)
                self._note(end)
            at = end
        if group:
            self._act(Sender._metrics, group)
        if at != self.sent.bytes or self.spool.sent() != self.sent:
            self._note(at)

    def _act(self, action: Callable[[Sender, Any], None], what: Any) -> None:
        """Send something; a run that was thrown away in the store gets nothing more."""
        with suppress(AbsentError):
            action(self, what)

    def close_lost(self) -> None:
        """End the runs whose process has gone without a word, in the spool: they were killed.

        Raises:
            OSError: the run directory cannot be written.
        """
        lost = []
        for key, process in self.open_runs().items():
            if not is_alive(process):
                lost.append({"key": key, "event": "end", "status": "KILLED"})
        if lost:
            self.spool.append(*lost)

    def open_runs(self) -> dict[str, Mapping[str, Any]]:
        """Key to process of the runs that began and did not end."""
        found: dict[str, Mapping[str, Any]] = {}
        for _, event in self.spool.events():
            if event.get("event") in ("begin", "resume"):
                found[event["key"]] = event.get("process", {})
            elif event.get("event") == "end":
                found.pop(event["key"], None)
        return found

    def _note(self, at: int) -> None:
        self.sent = replace(self.sent, bytes=at)
        self.spool.write_sent(self.sent)

    def _run_id(self, key: str) -> str | None:
        """The store's id of a run; None where it was never begun here."""
        known = self.sent.runs.get(key)
        return known["run_id"] if known else self._found(key)

    def _found(self, key: str) -> str | None:
        """A run that was begun by a sender that was killed before it could note so."""
        experiments = [e.experiment_id for e in self.store.client.search_experiments()]
        query = f"tags.`{KEY_TAG}` = '{key}'"
        found = self.store.client.search_runs(experiments, query, max_results=1)
        return str(found[0].info.run_id) if found else None

    def _begin(self, event: Mapping[str, Any]) -> None:
        key, client = event["key"], self.store.client
        run_id = self._found(key)
        if run_id is None:
            tags = {**event.get("tags", {}), KEY_TAG: key}
            if event.get("parent") and (parent := self._run_id(event["parent"])):
                tags["mlflow.parentRunId"] = parent
            run_id = client.create_run(
                self.store.experiment(event["experiment"]),
                start_time=event["time"],
                tags=tags,
                run_name=event.get("run_name", event["name"]),
            ).info.run_id
        run = {
            "name": event["name"], "kind": event.get("tags", {}).get("kind", ""),
            "run_id": str(run_id), "experiment": event["experiment"],
        }  # fmt: skip
        self.sent = replace(self.sent, runs={**self.sent.runs, key: run})
        self._params(run_id, event.get("params", {}))

    def _params(self, run_id: str, params: Mapping[str, str]) -> None:
        """Send parameters; one that has another value since a resume becomes a tag."""
        from mlflow.entities import Param, RunTag

        there = self.store.client.get_run(run_id).data.params
        new = [Param(name, value) for name, value in params.items() if name not in there]
        for at in range(0, len(new), MOST_WORDS):
            self.store.client.log_batch(run_id, params=new[at : at + MOST_WORDS])
        changed = [
            RunTag(f"resumed.{name}", value)
            for name, value in params.items()
            if there.get(name, value) != value
        ][:MOST_WORDS]
        if changed:
            self.store.client.log_batch(run_id, tags=changed)

    def _resume(self, event: Mapping[str, Any]) -> None:
        run_id = self._run_id(event["key"])
        if run_id is not None:
            try:
                self.store.client.update_run(run_id, status="RUNNING")
            except AbsentError:
                run_id = None
        if run_id is None:  # thrown away in the store since: it begins there anew
            self._begin(event)
            return
        self._params(run_id, event.get("params", {}))

    def _inputs(self, event: Mapping[str, Any]) -> None:
        from mlflow.entities import Dataset, DatasetInput, InputTag

        if run_id := self._run_id(event["key"]):
            use = [InputTag("mlflow.data.context", "training")]
            self.store.client.log_inputs(
                run_id, [DatasetInput(Dataset(**one), use) for one in event["datasets"]]
            )

    def _metrics(self, events: list[dict[str, Any]]) -> None:
        from mlflow.entities import Metric

        run_id = self._run_id(events[0]["key"])
        figures = [
            Metric(name, float(value), event["time"], event["step"])
            for event in events
            for name, value in event["values"].items()
        ]
        for at in range(0, len(figures) if run_id else 0, MOST_METRICS):
            self.store.client.log_batch(run_id, metrics=figures[at : at + MOST_METRICS])

    def _tags(self, event: Mapping[str, Any]) -> None:
        if run_id := self._run_id(event["key"]):
            for name, value in event["tags"].items():
                self.store.client.set_tag(run_id, name, value)

    def _files(self, event: Mapping[str, Any]) -> None:
        run_id = self._run_id(event["key"])
        for name, place in event["files"].items() if run_id else ():
            path = self.spool.folder / name
            if path.is_file():
                self.store.client.log_artifact(run_id, str(path), place or None)

    def _end(self, event: Mapping[str, Any]) -> None:
        if run_id := self._run_id(event["key"]):
            self.store.client.set_terminated(run_id, event["status"], event["time"])

    def _nothing(self, event: Mapping[str, Any]) -> None:
        """Of a later version, or close: nothing that the store keeps."""


_ACTIONS: dict[str, Callable[[Sender, dict[str, Any]], None]] = {
    "begin": Sender._begin,
    "resume": Sender._resume,
    "inputs": Sender._inputs,
    "tags": Sender._tags,
    "files": Sender._files,
    "end": Sender._end,
}


def send_all(folder: Path, store: Store) -> None:
    """Send what a run directory holds, and end the runs whose process has gone.

    Raises:
        RegistryError: the store cannot be written.
        OSError, StorageError: the run directory cannot be read or written.
    """
    sender = Sender(Spool(folder), store)
    sender.close_lost()
    sender.send()
    if not sender.open_runs():
        forget(folder)
