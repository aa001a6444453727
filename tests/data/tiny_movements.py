"""Made-up files of the corpora of movement: no number in them comes from a corpus."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

Files = dict[str, bytes]


def sign_line(
    x: float = 0.0,
    y: float = 0.0,
    z: float = 0.0,
    roll: float = 0.0,
    bends: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
) -> str:
    """One frame as the glove writes it; the little finger repeats the ring finger."""
    numbers = (x, y, z, roll, -1.0, -1.0, *bends, bends[3])
    return ", ".join([*(f"{number:.6f}" for number in numbers), "0xFF", "0x1", "0x0", "0x3F"])


def sign_files() -> Files:
    """Two signers, three sessions, two signs, a calibration, an empty file, a broken one."""

    def lines(*xs: float) -> bytes:
        return "".join(f"{sign_line(x)}\n" for x in xs).encode()

    return {
        "signs/anna1/alive0.sign": lines(0.125, 0.25),
        "signs/anna1/computer(PC)0.sign": lines(0.5),
        "signs/anna2/alive0.sign": lines(0.125, 0.375, 0.5),
        "signs/bert1/alive11.sign": lines(-0.125, -0.25),
        "signs/bert1/cal-full-up0.sign": lines(0.0),
        "signs/bert1/wild1.sign": b"",
        "signs/bert1/wild2.sign": b"0.1, 0.2\n",
    }


def ts_text(
    rows: list[tuple[list[list[float]], str]], *, classes: str = "1.0 2.0 25.0", frames: int = 2
) -> bytes:
    """A .ts file of series of three sensors, each row (dimensions, class)."""
    head = [
        "#A made-up file, in Latin-1: m\xfcde.",
        "@problemName Made",
        "@timeStamps false",
        "@dimensions 9",
        "@equalLength true",
        f"@seriesLength {frames}",
        f"@classLabel true {classes}",
        "@data",
    ]
    lines = [
        ":".join([*(",".join(map(str, values)) for values in dimensions), label])
        for dimensions, label in rows
    ]
    return "\n".join([*head, *lines, ""]).encode("latin-1")


def word(start: float) -> list[list[float]]:
    """Nine dimensions of two frames: start, start + 0.5 in the first, one more in each next."""
    return [[start + number, start + number + 0.5] for number in range(9)]


def word_files() -> Files:
    """Three words to learn from, two to be tested by."""
    name = "ArticularyWordRecognition_{}.ts"
    return {
        name.format("TRAIN"): ts_text([(word(0), "1.0"), (word(10), "2.0"), (word(20), "25.0")]),
        name.format("TEST"): ts_text([(word(30), "2.0"), (word(40), "1.0")]),
    }


def stroke_files(folder: str = "All") -> Files:
    """Two players, two strokes, two windows of four frames a take; neighbours share half."""
    takes = [(label, player) for label in (1, 2) for player in (1, 2)]
    rows: dict[str, list[str]] = {}
    sensors = ("acc", "gyro", "euler")
    for number in range(9):
        name = f"{number + 1:02d}_{sensors[number // 3]}_{'xyz'[number % 3]}.csv"
        rows[name] = [
            ",".join(str(number + take / 10 + (first + frame) / 100) for frame in range(4))
            for take in range(len(takes))
            for first in (0, 2)
        ]
    rows["10_gesture_label.csv"] = [str(label) for label, _ in takes for _ in range(2)]
    rows["11_gestures_names.csv"] = ["Martele", "Collegno"]
    rows["13_subjects_id.csv"] = [str(player) for _, player in takes for _ in range(2)]
    return {f"{folder}/{name}": "\n".join([*lines, ""]).encode() for name, lines in rows.items()}


def asf_text(length: float = 1.0, bone: str = "arm") -> bytes:
    """A root and one bone that points up and turns about z; lengths are inches."""
    return f"""# made up
:version 1.10
:name MADE
:units
  mass 1.0
  length 1.0
  angle deg
:root
   order TX TY TZ RX RY RZ
   axis XYZ
   position 0 0 0
   orientation 0 0 0
:bonedata
  begin
     id 1
     name {bone}
     direction 0 1 0
     length {length}
     axis 0 0 0 XYZ
     dof rz
  end
:hierarchy
  begin
    root {bone}
  end
""".encode()


def amc_text(*degrees: float, bone: str = "arm") -> bytes:
    """A frame for each angle; the root stands at x = 10 inches."""
    frames = [f"{n}\nroot 10 0 0 0 0 0\n{bone} {angle}" for n, angle in enumerate(degrees, 1)]
    return "\n".join([":FULLY-SPECIFIED", ":DEGREES", *frames, ""]).encode()


def action_files() -> Files:
    """Two actors, two actions of the eleven and one that is none of them."""
    return {
        "train/1/HDM_bd.asf": asf_text(1.0),
        "train/1/HDM_bd_depositFloorR_001_120.amc": amc_text(0.0, 90.0),
        "train/10/HDM_bd.asf": asf_text(1.0),
        "train/10/HDM_bd_squat1Reps_002_120.amc": amc_text(0.0, 10.0, 20.0),
        "test/1/HDM_mm.asf": asf_text(2.0),
        "test/1/HDM_mm_depositFloorR_003_120.amc": amc_text(90.0),
        "test/1/HDM_mm_cartwheelLHandStart1Reps_001_120.amc": amc_text(1.0),
    }


def write_tree(folder: Path, contents: Files) -> Path:
    """Writes files below a folder."""
    for name, data in contents.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return folder


def tar_of(contents: Files, mode: str = "w:xz") -> bytes:
    """A tar archive."""
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode=mode) as archive:  # type: ignore[call-overload]
        for name, content in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return data.getvalue()


def zip_of(contents: Files) -> bytes:
    """A zip archive."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in contents.items():
            archive.writestr(name, content)
    return data.getvalue()
