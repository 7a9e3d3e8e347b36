"""The evaluation of a tracker as tables."""

from __future__ import annotations

from ..speed.reporting.report_tables import Cell, Table
from .run_video_evaluation import MotionRow, VideoEvaluation


def tables(found: VideoEvaluation) -> list[Table]:
    """Motion; loss and identity; clips without truth; peers: one table each."""
    out = []
    if found.motion:
        out.append(_motion_table(found))
    if found.scenes:
        rows: list[tuple[Cell, ...]] = [
            (
                each.clip,
                100.0 * each.share_found,
                f"{each.false_frames} of {each.frames_without}",
                each.frames_to_return,
                each.id_switches,
            )
            for each in found.scenes
        ]
        columns = ("clip", "found %", "false frames", "frames to return", "id switches")
        note = (
            "Found: of the frames in which a face is. False frames: of those in which nobody is. "
            "Frames to return: until a face that came back is reported; 1 is at once."
        )
        out.append(Table("scenes", "Loss and identity", columns, rows, note))
    if found.own:
        columns = ("clip", "filter", "found %", "step %", "acceleration %")
        own: list[tuple[Cell, ...]] = [
            (
                each.clip,
                each.filter,
                100.0 * each.share_found,
                each.step_percent,
                each.acceleration_percent,
            )
            for each in found.own
        ]
        note = "Medians over the frames, in % of the face; real motion is part of them."
        out.append(Table("own", "Clips without truth", columns, own, note))
    if found.peers:
        out.append(_peer_table(found))
    return out


def _peer_table(found: VideoEvaluation) -> Table:
    columns = ("clip", "tracker", "found %", "ms a frame", "ratio", "step %", "acceleration %")
    rows: list[tuple[Cell, ...]] = [
        (
            each.clip,
            each.system,
            100.0 * each.share_found,
            each.frame_ms,
            each.ratio,
            each.step_percent,
            each.acceleration_percent,
        )
        for each in found.peers
    ]
    note = (
        "Processor time of the calling thread, one thread, one face, each frame by both in turn; "
        "frames in which a face is detected are left out. Ratio: to frsdk, of the same frame. Step "
        "and acceleration of the points as each tracker gives them, in % of the face."
    )
    return Table("peers", "Beside OpenSeeFace", columns, rows, note)


def _motion_cells(row: MotionRow) -> tuple[Cell, ...]:
    """NME, jitter, its ratio, acceleration, path and lag."""
    error = row.error
    if error is None:
        return (None,) * 6
    return (
        error.nme_percent,
        error.jitter_percent,
        row.ratio,
        error.acceleration_percent,
        error.path_percent,
        None if error.lag_ms is None else round(error.lag_ms, 1),
    )


def _motion_table(found: VideoEvaluation) -> Table:
    columns = (
        "clip",
        "photograph",
        "filter",
        "found %",
        "NME %",
        "jitter %",
        "ratio",
        "acceleration %",
        "path %",
        "lag ms",
    )
    rows: list[tuple[Cell, ...]] = [
        (
            each.clip,
            each.photograph.rpartition("/")[2],
            each.filter,
            100.0 * each.share_found,
            *_motion_cells(each),
        )
        for each in found.motion
    ]
    note = (
        "In % of the face. Jitter: mean error of the points' steps from frame to frame (NMJ), with "
        "its ratio to the raw one. Path: root mean square error without each point's mean. Lag: "
        "the shift of the true path that fits best; raw landmarks have one where the network "
        "answers a motion by less than all of it."
    )
    return Table("motion", "Faces that move", columns, rows, note)
