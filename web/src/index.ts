// The public names of the package.

export { wasmRuntime, type Runtime } from "./backends/runtime.js";
export type { WasmPaths } from "./backends/network_session.js";
export { BuiltinDetector, type DetectorOptions } from "./detectors/builtin_detector.js";
export {
  DEFAULT_BOX_RULE,
  roiFromBox,
  type Box,
  type BoxRule,
  type Detection,
} from "./detectors/detection.js";
export {
  BackendError,
  FaceModelError,
  FrsdkError,
  ImageFileError,
  InputError,
  SpecError,
} from "./errors.js";
export { Face } from "./face.js";
export { cropFace, networkInput } from "./imaging/face_crop.js";
export type { Pixels } from "./imaging/pixels.js";
export { readPicture, type Picture } from "./imaging/read_picture.js";
export { Roi, roiFromLandmarks, rollFromLandmarks } from "./imaging/roi.js";
export type { Pose } from "./morphable/head_pose.js";
export { MorphableModel } from "./morphable/morphable_model.js";
export {
  FaceReconstructor,
  type FileSource,
  type ReconstructOptions,
  type ReconstructorOptions,
} from "./reconstructor.js";
export { drawFaces, type DrawOptions } from "./rendering/overlay.js";
export { FaceTracker, type TrackerOptions } from "./tracking/face_tracker.js";
export type { Smoothing } from "./tracking/smoothing_settings.js";
export { TrackedFace } from "./tracking/tracked_face.js";
export { MeshPainter } from "./rendering/mesh_painter.js";
