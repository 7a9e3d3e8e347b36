// One reconstructed face.

import type { Box } from "./detectors/detection.js";
import { boundsOf, imageFromCropPoints, type Roi } from "./imaging/roi.js";
import { poseFromParams, type Pose } from "./morphable/head_pose.js";
import { cropPose, imagePose, type MorphableModel } from "./morphable/morphable_model.js";

/** What a face is made from. */
export interface FaceParts {
  /** (62,) de-whitened parameters. */
  readonly params: Float32Array;
  /** Where the crop was cut. */
  readonly roi: Roi;
  /** The detector's or caller's box; the box of the landmarks when left out. */
  readonly box?: Box | undefined;
  readonly score: number;
  readonly faceModel: MorphableModel;
  /** Pixels of a side of the crop. */
  readonly cropSize: number;
  readonly presence?: number | undefined;
}

/**
 * A face in a picture: parameters, landmarks, pose and, on demand, the dense surface.
 *
 * Points are in image pixels: x right, y down, integers at pixel centres; z in the same scale,
 * positive toward the camera. Boxes are x0, y0, x1, y1 where pixel 0 covers [0, 1).
 */
export class Face {
  /**
   * (62,) 12 pose (3x4 row-major, scaled rotation | translation, in the crop's frame), 40 shape and
   * 10 expression coefficients.
   */
  readonly params: Float32Array;
  /** (68, 3) one after the other, iBUG's order. */
  readonly landmarks: Float32Array;
  readonly pose: Pose;
  readonly box: Box;
  /** The square that the network saw. */
  readonly roi: Roi;
  /** The detector's score, 0..1; 1 for the caller's own boxes and ROIs. */
  readonly score: number;
  readonly faceModel: MorphableModel;
  readonly cropSize: number;
  /** How surely the crop shows a face where the landmarks are, 0..1, where it was asked for. */
  readonly presence: number | undefined;
  private dense: Float32Array | undefined;

  constructor(parts: FaceParts) {
    const { params, roi, faceModel, cropSize } = parts;
    this.params = params;
    this.roi = roi;
    this.score = parts.score;
    this.faceModel = faceModel;
    this.cropSize = cropSize;
    this.presence = parts.presence;
    const crop = faceModel.landmarks(params, cropPose(params, cropSize));
    const points = imageFromCropPoints(crop, roi, cropSize);
    this.landmarks = Float32Array.from(points);
    this.pose = poseFromParams(params, roi, cropSize);
    this.box = parts.box ?? boxAround(points);
  }

  /** (N, 3) dense surface in image pixels, decoded when first asked for. */
  get vertices(): Float32Array {
    this.dense ??= this.faceModel.vertices(
      this.params,
      imagePose(this.params, this.roi, this.cropSize),
    );
    return this.dense;
  }

  /** (M, 3) corners of the surface. */
  get triangles(): Int32Array {
    return this.faceModel.triangles;
  }

  /** Everything but the dense surface, with the names of Python's `Face.to_dict()`. */
  toJSON(): Record<string, unknown> {
    const { pose } = this;
    const rows = (values: ArrayLike<number>) =>
      Array.from({ length: values.length / 3 }, (_, i) =>
        Array.from(values).slice(3 * i, 3 * i + 3),
      );
    return {
      score: this.score,
      box_xyxy_px: [...this.box],
      roi_xyxy_px: this.roi.xyxy,
      roi_roll_deg: this.roi.rollDeg,
      pose: {
        yaw_deg: pose.yawDeg,
        pitch_deg: pose.pitchDeg,
        roll_deg: pose.rollDeg,
        scale_px_per_unit: pose.scale,
        translation_px: [...pose.translation],
        rotation: rows(pose.rotation),
        quaternion_wxyz: [...pose.quaternionWxyz],
        direction: [...pose.direction],
        matrix: [0, 4, 8, 12].map((row) => Array.from(pose.matrix.subarray(row, row + 4))),
      },
      landmarks_px: rows(this.landmarks),
      params: Array.from(this.params),
      crop_size_px: this.cropSize,
      face_model: { name: this.faceModel.name, sha256: this.faceModel.sha256 },
    };
  }
}

/** + 0.5: from pixel centres to the plane where pixel 0 covers [0, 1). */
function boxAround(points: Float64Array): Box {
  const [x0, y0, x1, y1] = boundsOf(points);
  return [x0 + 0.5, y0 + 0.5, x1 + 0.5, y1 + 0.5];
}
