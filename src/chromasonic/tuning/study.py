"""A study: which trials there were, which comes next, and how each ended.

The trials are Optuna's; what is added is who works at one. A trial belongs to the process that
asked for it, which holds a lock that the system frees when it dies. A trial whose lock is free is
taken up again by whoever asks next, in the folder and from the checkpoint where it stood.

    OUT/study.json       where the study is kept, and under which name
    OUT/study.journal    the study, unless it is kept in a database
    OUT/trials/NNN/      run directory of a trial
"""

from __future__ import annotations

import json
import os
import platform
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from filelock import FileLock, Timeout

from chromasonic.errors import StorageError
from chromasonic.files import json_text
from chromasonic.tuning.plan import Plan
from chromasonic.tuning.pruning import pruner_of
from chromasonic.tuning.records import NUMBER, RESULT, TrialRecord, record_of
from chromasonic.tuning.storage import (
    WAIT_SECONDS,
    damaged,
    database_error,
    quiet,
    without_password,
)
from chromasonic.tuning.trial import StudyChanged, TrialResult, TrialSpec
from chromasonic.tuning.weights import remove_weights

if TYPE_CHECKING:
    import optuna

DATA, OWNER, TOKEN, GOES_ON, DEATHS = "data", "owner", "token", "goes_on", "deaths"
"""Names under which a study and its trials keep what Optuna has no place for."""

MOST_DEATHS = 3
"""A trial in which so many processes died is given up: it takes them down with it."""


class Study:
    """The trials of a plan. One object a process; several processes may work on one study.

    Args:
        output: the folder of the search.
        plan: what is searched.
        optuna_study: the study in its storage.
        storage: that it is in.
        address: of the storage.
        keep: whether the weights of every trial stay, or the best one's alone.
    """

    def __init__(
        self,
        output: Path,
        plan: Plan,
        optuna_study: optuna.Study,
        *,
        storage: optuna.storages.BaseStorage,
        address: str,
        keep: bool = False,
    ) -> None:
        self.output, self.plan, self.address, self.keep = output, plan, address, keep
        self._study, self._storage = optuna_study, storage
        self._study.pruner = pruner_of(plan)
        self._live: dict[int, tuple[optuna.Trial, FileLock]] = {}

    def folder(self, number: int) -> Path:
        """The run directory of a trial."""
        return self.output / "trials" / f"{number:03d}"

    def records(self) -> list[TrialRecord]:
        """All trials by number, each as it last stood."""
        with self._talking():
            return [record_of(self.plan, trial) for trial in self._last().values()]

    @property
    def best(self) -> TrialRecord | None:
        """The trial of the lowest loss that came to its end."""
        return best_of(self.records())

    def next_trial(
        self, most: int | None, *, deadline: float | None = None, threads: int = 0
    ) -> TrialSpec | None:
        """The trial to run next; None where there is none, though others may still be running.

        First those that a dead process or a deadline left, then new ones.

        Args:
            most: trials that the study shall have; None has no limit.
            deadline: seconds since 1970 when time is up.
            threads: that the trial may compute with.

        Raises:
            StorageError: the study cannot be read or written.
        """
        if deadline is not None and time.time() >= deadline:
            return None
        with self._talking(), self._deciding():
            self._take_from_the_dead()
            last = self._last()
            left = [t for t in last.values() if t.user_attrs.get(GOES_ON)]
            waiting = [t for t in last.values() if t.state.name == "WAITING"]
            if left:
                self._enqueue_again(left[0])
            elif not waiting and most is not None and len(last) >= most:
                return None
            return self._ask(len(last), deadline, threads)

    def has_next(self, most: int | None) -> bool:
        """Whether `next_trial` would find one."""
        with self._talking(), self._deciding():
            self._take_from_the_dead()
            last = self._last().values()
            is_left = any(t.user_attrs.get(GOES_ON) or t.state.name == "WAITING" for t in last)
            return is_left or most is None or len(last) < most

    def report(self, spec: TrialSpec, step: int, loss: float) -> bool:
        """Note the loss after an epoch; True where the trial should end: it is behind the others.

        Raises:
            StorageError: the study cannot be read or written.
        """
        trial, _ = self._live[spec.number]
        with self._talking():
            trial.report(loss, step)
            return self.plan.can_prune and trial.should_prune()

    def finish(self, spec: TrialSpec, result: TrialResult) -> TrialRecord:
        """Note how a trial ended; what is not worth keeping of it goes.

        Raises:
            StudyChanged: it was measured on other data than the study's other trials.
            StorageError: the study cannot be read or written.
        """
        from optuna.trial import TrialState

        trial, lock = self._live.pop(spec.number)
        states = {"complete": TrialState.COMPLETE, "cut": TrialState.FAIL}
        try:
            with self._talking(), self._deciding():
                self._check_same_data(result)
                trial.set_user_attr(RESULT, _strict(result))
                trial.set_user_attr(GOES_ON, result.end == "cut")
                value = result.loss if result.end == "complete" else None
                self._study.tell(trial, value, states.get(result.end, TrialState.PRUNED))
                if not self.keep and result.end != "cut":
                    self._tidy(spec.number)
                return record_of(self.plan, self._last()[spec.number])
        finally:
            lock.release()

    def release(self, spec: TrialSpec) -> None:
        """Give a trial back that this process cannot run to its end; it will be taken up again."""
        _, lock = self._live.pop(spec.number)
        lock.release()

    def is_done(self, most: int) -> bool:
        """Whether so many trials came to an end."""
        return sum(record.is_over for record in self.records()) >= most

    def fingerprints(self) -> dict[str, str]:
        """The fingerprints of the data that the trials so far were measured on."""
        return dict(self._study.user_attrs.get(DATA, {}))

    def _ask(self, count: int, deadline: float | None, threads: int) -> TrialSpec:
        """Begin the next waiting trial, or a new one; hold its lock."""
        self._study.sampler = self._sampler(count)
        trial = self._study.ask({name: one.distribution() for name, one in self.plan.space.items()})
        number = int(trial.user_attrs.get(NUMBER, count))
        token = uuid.uuid4().hex[:8]
        lock = self._lock(number, token)
        lock.acquire(timeout=0)
        for name, value in ((TOKEN, token), (OWNER, _owner()), (NUMBER, number)):
            trial.set_user_attr(name, value)  # the number last: with it the trial counts
        for step, loss in sorted(self._curve_before(number, trial.number).items()):
            trial.report(loss, step)
        self._live[number] = (trial, lock)
        values = self.plan.values(trial.params)
        return TrialSpec(
            number=number,
            task=self.plan.task,
            kind=self.plan.kind,
            recipe=self.plan.recipe_with(values),
            values=values,
            output=str(self.folder(number)),
            curve=tuple(loss for _, loss in sorted(self._curve_before(number, -1).items())),
            data=self.fingerprints(),
            deadline=deadline,
            threads=threads,
        )

    def _sampler(self, number: int) -> Any:
        """Seeded by the trial's number: whoever asks, after whatever interruption."""
        import numpy as np
        from optuna.samplers import TPESampler

        seed = int(np.random.SeedSequence([self.plan.seed, number]).generate_state(1)[0])
        with quiet():
            return TPESampler(seed=seed, multivariate=True, constant_liar=True)

    def _last(self) -> dict[int, optuna.trial.FrozenTrial]:
        """Each number's last trial: one that was taken up again stands for those before it."""
        trials = sorted(self._study.get_trials(deepcopy=False), key=lambda trial: trial.number)
        last = {
            int(trial.user_attrs[NUMBER]): trial for trial in trials if NUMBER in trial.user_attrs
        }
        return dict(sorted(last.items()))

    def _curve_before(self, number: int, but: int) -> dict[int, float]:
        """Losses by epoch that earlier processes reported of a trial."""
        found: dict[int, float] = {}
        for trial in self._study.get_trials(deepcopy=False):
            if trial.user_attrs.get(NUMBER) == number and trial.number != but:
                found |= trial.intermediate_values
        return found

    def _take_from_the_dead(self) -> None:
        """Mark trials as failed whose process is no more, to be taken up again."""
        for number, trial in self._last().items():
            if trial.state.name != "RUNNING" or number in self._live:
                continue
            lock = self._lock(number, trial.user_attrs.get(TOKEN, ""))
            if OWNER in trial.user_attrs and not Path(lock.lock_file).exists():
                continue  # it runs on a machine that has a folder of its own
            try:
                lock.acquire(timeout=0)
            except Timeout:
                continue
            deaths = int(trial.user_attrs.get(DEATHS, 0)) + 1
            self._set(trial, DEATHS, deaths)
            if deaths < MOST_DEATHS:
                self._set(trial, GOES_ON, True)
                self._study.tell(trial.number, state=_state("FAIL"))
            else:
                reason = f"given up: its process died {deaths} times"
                self._set(trial, RESULT, _strict(TrialResult(end="impossible", reason=reason)))
                self._study.tell(trial.number, state=_state("PRUNED"))
            lock.release()

    def _set(self, trial: optuna.trial.FrozenTrial, name: str, value: Any) -> None:
        self._storage.set_trial_user_attr(trial._trial_id, name, value)

    def _enqueue_again(self, trial: optuna.trial.FrozenTrial) -> None:
        attributes = {NUMBER: trial.user_attrs[NUMBER], DEATHS: trial.user_attrs.get(DEATHS, 0)}
        self._study.enqueue_trial(trial.params, user_attrs=attributes)

    def _check_same_data(self, result: TrialResult) -> None:
        known = self.fingerprints()
        if not known and result.data:
            self._study.set_user_attr(DATA, dict(result.data))
        elif result.data and dict(result.data) != known:
            raise StudyChanged(
                f"The data have changed since the search in {self.output} began: its trials cannot "
                "be compared with new ones. Restore them, or give another --output."
            )

    def _tidy(self, number: int) -> None:
        """Remove the weights of a trial that is not the best, and of the one that was before."""
        records = [record_of(self.plan, trial) for trial in self._last().values()]
        best = best_of(records)
        for record in records:
            is_worth = not record.is_over or (best is not None and record.number == best.number)
            if not is_worth and (record.number == number or record.end == "complete"):
                remove_weights(self.folder(record.number), self.plan.task)

    def _lock(self, number: int, token: str) -> FileLock:
        folder = self.output / "trials" / ".working"
        folder.mkdir(parents=True, exist_ok=True)
        return FileLock(folder / f"{number:03d}-{token}")

    @contextmanager
    def _deciding(self) -> Iterator[None]:
        """One process at a time decides what comes next."""
        try:
            (self.output / "trials" / ".working").mkdir(parents=True, exist_ok=True)
            with FileLock(self.output / "trials" / ".working" / "deciding", timeout=WAIT_SECONDS):
                yield
        except Timeout as error:
            raise StorageError(
                f"Another process has held the study in {self.output} for {WAIT_SECONDS} s. Wait "
                "for it, or end it."
            ) from error

    @contextmanager
    def _talking(self) -> Iterator[None]:
        """Optuna in silence, its database's failures as ours."""
        from optuna.exceptions import StorageInternalError
        from sqlalchemy.exc import SQLAlchemyError

        journal = None if "://" in self.address else Path(self.address)
        try:
            if journal is not None and not journal.is_file():
                raise StorageError(
                    f"The study {journal} is gone. Put it back from a copy, or begin a new search "
                    "in another --output; the trials' folders are as they were."
                )
            with quiet():
                yield
        except (SQLAlchemyError, StorageInternalError) as error:
            cause = error.__cause__ if isinstance(error, StorageInternalError) else error
            raise database_error(
                without_password(self.address), cause if isinstance(cause, Exception) else error
            ) from error
        except OSError as error:
            raise StorageError(
                f"The study in {self.output} cannot be written: {error.strerror or error}. Choose "
                "a folder that may be written, or free some space; then --resume."
            ) from error
        except (ValueError, KeyError, IndexError, AssertionError) as error:
            raise damaged(self.address, error) from error


def best_of(records: list[TrialRecord]) -> TrialRecord | None:
    """The complete trial of the lowest loss; of several, the first."""
    done = [record for record in records if record.end == "complete" and record.loss == record.loss]
    return min(done, key=lambda record: record.loss) if done else None


def _state(name: str) -> Any:
    from optuna.trial import TrialState

    return TrialState[name]


def _strict(result: TrialResult) -> Any:
    """A result as every storage takes it: what is no number is null."""
    return json.loads(json_text(result.to_dict()))


def _owner() -> Mapping[str, Any]:
    return {"host": platform.node(), "process": os.getpid()}
