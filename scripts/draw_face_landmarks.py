"""Draw the 88 landmarks of a face anew: python scripts/draw_face_landmarks.py"""

from __future__ import annotations

from pathlib import Path

from chromasonic.formats.face_landmarks import FACE_88, FACE_INDICES, MEAN_EYES, MEAN_FACE

TARGET = Path(__file__).parents[1] / "docs/images/face-88.png"
COLOURS = {
    "outer_lip": "#b2182b",
    "inner_lip": "#d6604d",
    "near": "#2166ac",
    "around": "#1b7837",
    "far": "#404040",
}


def draw() -> None:
    """The mean face from the front: nodes with their numbers in the mesh, edges, eyes."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(14, 14), layout="constrained")
    for one, other in FACE_88.edges:
        axes.plot(*MEAN_FACE[[one, other], :2].T, color="0.75", linewidth=0.8, zorder=1)
    for group, colour in COLOURS.items():
        nodes = [n for n, name in enumerate(FACE_88.nodes) if name.startswith(group)]
        label = f"{group.replace('_', ' ')} ({len(nodes)})"
        axes.scatter(*MEAN_FACE[nodes, :2].T, s=22, color=colour, zorder=2, label=label)
        for node in nodes:
            axes.annotate(
                str(FACE_INDICES[node]),
                MEAN_FACE[node, :2],
                xytext=(3, 3 if group != "inner_lip" else -8),
                textcoords="offset points",
                fontsize=8,
                color=colour,
            )
    for number, (x, y, _) in MEAN_EYES.items():
        axes.scatter(x, y, s=30, marker="x", color="black")
        axes.annotate(f"{number}", (x, y), xytext=(4, 4), textcoords="offset points", fontsize=8)
    axes.set_aspect("equal")
    axes.set_xlabel("centimetres, to the person's left")
    axes.set_ylabel("centimetres, upwards")
    axes.legend(loc="lower right", frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    figure.savefig(TARGET, dpi=75, metadata={"Software": None})


if __name__ == "__main__":
    draw()
    print(f"Wrote {TARGET}")
