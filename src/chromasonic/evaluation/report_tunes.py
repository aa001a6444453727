"""The report's tunes: a card for each, with score, player and files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape

from chromasonic.evaluation.report_data import HUMAN, ReportData, ReportTune
from chromasonic.evaluation.report_media import TuneMedia, data_uri

HUMAN_LABEL = "Held-out tune"


def tunes_section(report: ReportData, media: Sequence[TuneMedia], colours: dict[str, str]) -> str:
    """HTML of the tunes, by model, each as a score with a play button; empty without tunes."""
    if not report.tunes:
        return ""
    pairs = list(zip(report.tunes, media, strict=True))
    groups = [(model.label, model.says, model.name) for model in report.models]
    human_says = "Made by people, kept out of training: what the others are measured against."
    groups.append((f"{HUMAN_LABEL}s", human_says, HUMAN))
    parts, number = [], 0
    for label, says, name in groups:
        cards = []
        for shown, one in pairs:
            if shown.model == name:
                number += 1
                cards.append(_card(shown, one, label, number))
        if cards:
            colour = colours.get(name, "var(--human)")
            parts.append(
                f'<div class="group" style="--accent:{colour}">'
                f"<h3>{escape(label)}</h3><p>{escape(says)}</p>{''.join(cards)}</div>"
            )
    return "".join(parts)


def _card(shown: ReportTune, media: TuneMedia, label: str, number: int) -> str:
    title = shown.tune.title or shown.tune.id
    who = HUMAN_LABEL if shown.model == HUMAN else label
    moments = json.dumps([[round(a, 3), round(b, 3), head] for a, b, head in media.moments])
    score = ""
    if media.wide:
        score = f'<div class="score wide">{media.wide}</div>'
        score += f'<div class="score narrow">{media.narrow or media.wide}</div>'
    problem = f'<p class="remark">{escape(media.problem)}</p>' if media.problem else ""
    return (
        f'<article class="tune" id="tune-{number}" data-moments="{escape(moments)}">'
        f'<header><h4>{escape(title)}</h4><span class="who">{escape(who)}</span>'
        f"{_marks(shown)}</header>"
        f"{score}{_player(title, media)}{problem}{_downloads(title, media, number)}</article>"
    )


def _marks(shown: ReportTune) -> str:
    """Key, metre, length and origin of a tune, in one line."""
    tune = shown.tune
    metre = str(tune.metre) if tune.metre else "free metre"
    marks = [str(tune.key), metre, _count(len(tune.bars), "bar")]
    if shown.seed is not None:
        marks.append(f"seed {shown.seed}")
    if shown.temperature is not None:
        marks.append(f"temperature {shown.temperature:g}")
    if shown.copied_share is not None:
        text = f"{shown.copied_share:.0%} of its notes stand in training tunes"
        if shown.longest_run is not None:
            text += f", longest run {_count(shown.longest_run, 'note')}"
        marks.append(text)
    elif shown.model == HUMAN and tune.source:
        marks.append(tune.source)
    items = "".join(f"<li>{escape(mark)}</li>" for mark in marks)
    return f'<ul class="marks">{items}</ul>'


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _player(title: str, media: TuneMedia) -> str:
    if not media.mp3:
        return ""
    return (
        '<div class="player">'
        f'<button type="button" class="play" hidden aria-label="Play {escape(title)}"></button>'
        f'<input type="range" class="seek" min="0" max="1000" value="0" hidden '
        f'aria-label="Place in {escape(title)}">'
        '<output class="time" hidden>0:00</output>'
        f'<audio controls preload="metadata" src="{data_uri(media.mp3, "audio/mpeg")}"></audio>'
        "</div>"
    )


def _downloads(title: str, media: TuneMedia, number: int) -> str:
    stem = "".join(sign if sign.isalnum() else "-" for sign in title.lower()).strip("-")[:60]
    stem = stem or f"tune-{number}"
    files = (
        ("MIDI", "mid", data_uri(media.midi, "audio/midi")),
        ("ABC", "abc", data_uri(media.abc, "text/vnd.abc")),
        (
            "MusicXML",
            "musicxml",
            data_uri(media.musicxml, "application/vnd.recordare.musicxml+xml"),
        ),
        ("MP3", "mp3", data_uri(media.mp3, "audio/mpeg") if media.mp3 else ""),
    )
    links = "".join(
        f'<li><a download="{escape(stem)}.{ending}" href="{address}" '
        f'aria-label="{label} of {escape(title)}">{label}</a></li>'
        for label, ending, address in files
        if address and ending != "mp3"
    )
    if media.mp3:  # the sound is in the page once: the script takes it from the player
        links += (
            f'<li><a class="sound" hidden download="{escape(stem)}.mp3" href="#tune-{number}" '
            f'aria-label="MP3 of {escape(title)}">MP3</a></li>'
        )
    return f'<ul class="files"><li>Take it along:</li>{links}</ul>'
