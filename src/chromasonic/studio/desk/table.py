"""Every kind of job: where its function is, and in which lane (`lanes.LANES`) it runs.

A function takes `(params: dict, report: Report)` and gives a dict that JSON can hold; it may raise
any `ChromasonicError`, whose text the user reads. It runs in a child process: no open files,
connections or globals of the server are there.
"""

from __future__ import annotations

# Kind -> (lane, module, function).
WORK: dict[str, tuple[str, str, str]] = {
    "compose": ("make", "chromasonic.studio.compose.work", "compose"),
    "compose-reroll": ("make", "chromasonic.studio.compose.work", "reroll"),
    "compose-opening": ("read", "chromasonic.studio.compose.reading", "opening"),
    "compose-picture": ("read", "chromasonic.studio.compose.reading", "picture"),
    "harmonize-melody": ("read", "chromasonic.studio.harmonize.reading", "read_melody"),
    "harmonize-setting": ("read", "chromasonic.studio.harmonize.reading", "read_setting"),
    "harmonize": ("make", "chromasonic.studio.harmonize.work", "harmonize"),
    "harmonize-check": ("make", "chromasonic.studio.harmonize.work", "check"),
    "sound": ("make", "chromasonic.studio.sound.work", "sound"),
    "groove": ("make", "chromasonic.studio.groove.work", "groove"),
    "groove-read": ("read", "chromasonic.studio.groove.file_work", "read"),
    "groove-file": ("make", "chromasonic.studio.groove.file_work", "play"),
    "gesture-read": ("read", "chromasonic.studio.gesture.reading", "read"),
    "gesture-example": ("read", "chromasonic.studio.gesture.reading", "example"),
    "gesture-classes": ("make", "chromasonic.studio.gesture.work", "classes"),
    "gesture": ("make", "chromasonic.studio.gesture.work", "recognize"),
    "train-offered": ("registry", "chromasonic.studio.train.planning", "offered"),
    "train-planned": ("registry", "chromasonic.studio.train.planning", "planned"),
    "train-performers": ("registry", "chromasonic.studio.train.planning", "performers"),
    "train-again": ("registry", "chromasonic.studio.train.planning", "again"),
    "train-continued": ("registry", "chromasonic.studio.train.planning", "continued"),
    "registry-list": ("registry", "chromasonic.studio.models.work", "listed"),
    "registry-show": ("registry", "chromasonic.studio.models.work", "shown"),
    "registry-compare": ("registry", "chromasonic.studio.models.work", "compared"),
    "registry-register": ("registry", "chromasonic.studio.models.work", "registered"),
    "registry-promote": ("judge", "chromasonic.studio.models.work", "promoted"),
    "registry-rollback": ("registry", "chromasonic.studio.models.work", "rolled_back"),
    "registry-verify": ("registry", "chromasonic.studio.models.work", "verified"),
    "registry-pack": ("judge", "chromasonic.studio.models.work", "packed"),
    "listen-pair": ("long", "chromasonic.studio.listen.work", "pair"),
    "listen-voices": ("make", "chromasonic.studio.listen.work", "pair"),
    "listen-anchors": ("registry", "chromasonic.studio.listen.work", "anchors"),
    "listen-sounds": ("sounds", "chromasonic.studio.listen.work", "own_sounds"),
}
