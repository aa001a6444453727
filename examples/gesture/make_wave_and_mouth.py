"""Make two small recordings by formula, as others' programs would write them.

`wave.bvh` is a person who raises the right arm and waves: motion capture, in centimetres.
`mouth.json` is a mouth that opens and closes: frames as MediaPipe's face landmarker writes
them, of 468 points; those that are not needed are null, so that the file is small.

    python examples/gesture/make_wave_and_mouth.py
"""

from __future__ import annotations

import json
from math import cos, pi, sin
from pathlib import Path

from chromasonic.formats.face_landmarks import FACE_INDICES, MEAN_EYES, MEAN_FACE

FOLDER = Path(__file__).parent
WAVE_FRAMES, WAVE_SECONDS = 60, 1 / 30
MOUTH_FRAMES, MOUTH_MILLISECONDS = 9, 80
CENTIMETRE = 0.02
"""Of the picture's height: the face fills a third of it."""

HIERARCHY = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT Chest
  {
    OFFSET 0 35 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    JOINT Head
    {
      OFFSET 0 25 2
      CHANNELS 3 Zrotation Xrotation Yrotation
      End Site
      {
        OFFSET 0 18 0
      }
    }
    JOINT RightShoulder
    {
      OFFSET -18 15 0
      CHANNELS 3 Zrotation Xrotation Yrotation
      JOINT RightElbow
      {
        OFFSET 0 -29 0
        CHANNELS 3 Zrotation Xrotation Yrotation
        JOINT RightWrist
        {
          OFFSET 0 -25 0
          CHANNELS 3 Zrotation Xrotation Yrotation
          End Site
          {
            OFFSET 0 -17 0
          }
        }
      }
    }
  }
}
"""


def wave() -> str:
    """The arm goes up in half a second, the forearm swings three times, the arm goes down."""
    rows = []
    for number in range(WAVE_FRAMES):
        share = min(1.0, number / 15, (WAVE_FRAMES - 1 - number) / 15)
        raised = 0.5 - 0.5 * cos(pi * share)
        swing = raised * sin(2 * pi * number / 15)
        hips = (0, 95, 0, 0, 0, 0)
        chest, head = (2 * raised, 0, 0), (0, 0, 4 * swing)
        shoulder, elbow, wrist = (
            (-95 * raised, 0, 0),
            (-70 * raised + 35 * swing, 0, 0),
            (15 * swing,),
        )
        numbers = (*hips, *chest, *head, *shoulder, *elbow, *wrist, 0, 0)
        rows.append(" ".join(f"{x:.4g}" for x in numbers))
    motion = f"MOTION\nFrames: {WAVE_FRAMES}\nFrame Time: {WAVE_SECONDS:.7f}\n"
    return HIERARCHY + motion + "\n".join(rows) + "\n"


LOWER = {17, 84, 314, 181, 405, 91, 321, 14, 87, 317, 178, 402, 88, 318, 18, 83, 313, 182, 406}
LOWER |= {200, 201, 421, 194, 418}
CHIN = 152


def mouth() -> list[dict[str, object]]:
    """Lower lip and chin go down and up; corners come in a little."""
    places = dict(zip(FACE_INDICES, MEAN_FACE.tolist(), strict=True)) | MEAN_EYES
    frames: list[dict[str, object]] = []
    for number in range(MOUTH_FRAMES):
        opened = 0.5 - 0.5 * cos(2 * pi * number / 8)
        points: list[dict[str, float] | None] = [None] * 468
        for index, (x, y, z) in places.items():
            down = opened * (1.6 if index in LOWER or index == CHIN else 0.0)
            inwards = 1 - 0.08 * opened * (abs(x) > 1.8 and -5.2 < y < -3.6)
            points[index] = {
                "x": round(0.5 + CENTIMETRE * x * inwards * 9 / 16, 4),
                "y": round(0.5 + CENTIMETRE * (down - y), 4),
                "z": round(-CENTIMETRE * z * 9 / 16, 4),
            }
        frames.append({"timestampMs": MOUTH_MILLISECONDS * number, "faceLandmarks": [points]})
    return frames


if __name__ == "__main__":
    (FOLDER / "wave.bvh").write_text(wave(), encoding="utf-8")
    film = {"width": 1280, "height": 720, "label": "mouth", "frames": mouth()}
    text = json.dumps(film, separators=(",", ":")).replace('},{"timestampMs', '},\n{"timestampMs')
    (FOLDER / "mouth.json").write_text(text + "\n", encoding="utf-8")
