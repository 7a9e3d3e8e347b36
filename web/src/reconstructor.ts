// From a picture to 3D faces.

import {
  NetworkSession,
  openEngine,
  type Engine,
  type WasmPaths,
} from "./backends/network_session.js";
import { wasmRuntime, type Runtime } from "./backends/runtime.js";
import { BuiltinDetector, type DetectorOptions } from "./detectors/builtin_detector.js";
import { FacePresence } from "./detectors/face_presence.js";
import {
  targetsFromBoxes,
  targetsFromDetections,
  targetsFromRois,
  type Target,
} from "./detectors/face_rois.js";
import { landmarksContradict } from "./detectors/point_agreement.js";
import { BackendError, InputError, SpecError, messageOf } from "./errors.js";
import { Face } from "./face.js";
import { cropFace, networkInput } from "./imaging/face_crop.js";
import type { Pixels } from "./imaging/pixels.js";
import { readPicture, type Picture } from "./imaging/read_picture.js";
import type { Roi } from "./imaging/roi.js";
import { MorphableModel, cropPose } from "./morphable/morphable_model.js";
import { detectorSpecOf, modelSpecOf, type ModelSpec } from "./specs/model_spec.js";

const N_PARAMS = 62;
const CHUNK = 16; // faces of one call

/** A file by its URL, or its bytes. */
export type FileSource = string | URL | Uint8Array;

/** What a reconstructor is made from. */
export interface ReconstructorOptions extends DetectorOptions {
  /**
   * Folder of `network.onnx`, `face_detector.onnx` and `facemodel.npz`, as
   * `frsdk web --export` writes it under `models/`. Relative URLs start at the page.
   */
  readonly models?: string | URL;
  /** The network, where it is not in `models`. */
  readonly engine?: FileSource;
  /** The face model that the network was trained for, where it is not in `models`. */
  readonly faceModel?: FileSource | MorphableModel;
  /** The detector's network, where it is not in `models`. */
  readonly detector?: FileSource;
  /** What runs the networks: WASM when left out. */
  readonly runtime?: Runtime;
  /** Threads of WASM, where the page is cross-origin isolated: half the cores, at most 4. */
  readonly threads?: number;
  /** Where onnxruntime-web's WASM files lie; beside its script when left out. */
  readonly wasmPaths?: WasmPaths;
  /** Of the detected faces keep this many, the largest. */
  readonly maxFaces?: number;
}

/** What may be asked of one picture. */
export interface ReconstructOptions {
  /**
   * Face boxes x0, y0, x1, y1 in pixels, from the forehead to the chin, with the face's roll in
   * degrees as a fifth number or without, instead of detection.
   */
  readonly boxes?: readonly ArrayLike<number>[];
  /** Exact squares for the network, instead of detection. */
  readonly rois?: readonly (Roi | ArrayLike<number>)[];
  /** Also tell in `Face.presence` whether each crop shows the face that its landmarks say. */
  readonly presence?: boolean;
}

/** Finds the faces of a picture and reconstructs each in 3D, on the visitor's machine. */
export class FaceReconstructor {
  private closed = false;

  private constructor(
    private readonly engineInUse: Engine,
    private readonly network: NetworkSession,
    private readonly spec: ModelSpec,
    private readonly finder: NetworkSession,
    private readonly presence: FacePresence,
    /** The face detector in use. */
    readonly detector: BuiltinDetector,
    /** The face model in use. */
    readonly faceModel: MorphableModel,
    /** What the files of the network and of its detector say of their terms; empty where unstated. */
    readonly licences: { readonly network: string; readonly detector: string },
    private readonly maxFaces: number | undefined,
  ) {}

  /**
   * Load the networks and the face model.
   *
   * @throws SpecError when a network's specification is missing, wrong, or names another face model.
   * @throws FaceModelError when the face-model file is damaged.
   * @throws BackendError when a file cannot be fetched or the engine cannot run here.
   * @throws InputError when an option has an impossible value.
   */
  static async create(options: ReconstructorOptions = {}): Promise<FaceReconstructor> {
    const { maxFaces, minScore } = options;
    if (maxFaces !== undefined && !(maxFaces >= 1)) {
      throw new InputError(`expected maxFaces >= 1, got ${maxFaces}`);
    }
    if (minScore !== undefined && !(minScore >= 0 && minScore <= 1)) {
      throw new InputError(`expected minScore in 0..1, got ${minScore}`);
    }
    const inFolder = (name: string) =>
      `${String(options.models ?? "models/").replace(/\/?$/, "/")}${name}`;
    const runtime = options.runtime ?? wasmRuntime;
    const [graph, finderGraph, faceModel, engine] = await Promise.all([
      bytesOf(options.engine ?? inFolder("network.onnx")),
      bytesOf(options.detector ?? inFolder("face_detector.onnx")),
      modelOf(options.faceModel ?? inFolder("facemodel.npz")),
      openEngine(runtime, options.threads, options.wasmPaths),
    ]);
    const spec = modelSpecOf(graph, "the network");
    checkFits(faceModel, spec);
    const finderSpec = detectorSpecOf(finderGraph, "the face detector");
    const network = await NetworkSession.open(engine, graph, spec.input, spec.outputName);
    const finder = await NetworkSession.open(
      engine,
      finderGraph,
      finderSpec.input,
      finderSpec.outputName,
    );
    const presence = await FacePresence.open(engine, finderGraph, finderSpec);
    const detector = new BuiltinDetector(finder, finderSpec, options);
    return new FaceReconstructor(
      engine,
      network,
      spec,
      finder,
      presence,
      detector,
      faceModel,
      { network: spec.licence, detector: finderSpec.licence },
      maxFaces,
    );
  }

  /** What runs, in one line. */
  get engine(): string {
    const { provider, threads } = this.engineInUse;
    if (provider === "webgpu") return "WebGPU";
    return threads === 1 ? "WASM, 1 thread" : `WASM, ${threads} threads`;
  }

  /**
   * Reconstruct the faces of a picture.
   *
   * @returns The faces: detected ones largest first, otherwise in the order of boxes or rois.
   * @throws InputError when the picture, a box or a ROI is unusable (its index is named).
   * @throws BackendError when the engine failed, or the reconstructor is closed.
   */
  async reconstruct(picture: Picture, options: ReconstructOptions = {}): Promise<Face[]> {
    if (this.closed) throw new BackendError("the reconstructor is closed");
    const { boxes, rois, presence = false } = options;
    if (boxes !== undefined && rois !== undefined) {
      throw new InputError("expected boxes or rois, got both: pass one of them");
    }
    const image = await readPicture(picture);
    if (rois !== undefined) return this.facesOf(image, targetsFromRois(rois, image), presence);
    if (boxes !== undefined) return this.facesOf(image, targetsFromBoxes(boxes, image), presence);
    return this.detected(image, presence);
  }

  /** Do once what only the first picture would wait for. */
  async warmUp(): Promise<void> {
    const size = this.spec.input.size;
    const black = { width: size, height: size, data: new Uint8ClampedArray(size * size * 4) };
    await this.detector.detect(black);
    await this.reconstruct(black, { rois: [[0, 0, size, size]], presence: true });
  }

  /** Free the networks; a second call does nothing. */
  async close(): Promise<void> {
    this.closed = true;
    await Promise.all([this.network.close(), this.finder.close(), this.presence.close()]);
  }

  /** The largest faces whose landmarks lie where the detector saw them. */
  private async detected(image: Pixels, presence: boolean): Promise<Face[]> {
    const found = await this.detector.detect(image);
    const waiting = targetsFromDetections(found, this.detector.boxRule);
    const most = this.maxFaces ?? waiting.length;
    const faces: Face[] = [];
    while (waiting.length && faces.length < most) {
      const targets = waiting.splice(0, most - faces.length);
      const all = await this.facesOf(image, targets, presence);
      const right = (face: Face, { points = [], roi }: Target) =>
        !landmarksContradict(face.landmarks, points, roi.side);
      faces.push(...all.filter((face, index) => right(face, targets[index])));
    }
    return faces;
  }

  /** The targets' faces, each chunk of them by one call of the network. */
  private async facesOf(
    image: Pixels,
    targets: readonly Target[],
    presence: boolean,
  ): Promise<Face[]> {
    const size = this.spec.input.size;
    const faces: Face[] = [];
    for (let start = 0; start < targets.length; start += CHUNK) {
      const chunk = targets.slice(start, start + CHUNK);
      const crops = chunk.map(({ roi }) => cropFace(image, roi, size));
      const params = await this.infer(crops);
      const seen = presence ? await this.presenceOf(crops, params) : [];
      chunk.forEach(({ roi, box, score }, index) => {
        const { faceModel } = this;
        const own = { params: params[index], presence: seen[index] };
        faces.push(new Face({ ...own, roi, box, score, faceModel, cropSize: size }));
      });
    }
    return faces;
  }

  /** De-whitened parameters (62,) of each crop. */
  private async infer(crops: readonly Pixels[]): Promise<Float32Array[]> {
    const { input, paramMean, paramStd } = this.spec;
    const output = await this.network.run(networkInput(crops, input), crops.length);
    return crops.map((_, index) => {
      const row = output.slice(index * N_PARAMS, (index + 1) * N_PARAMS);
      for (let i = 0; i < N_PARAMS; i++) row[i] = row[i] * paramStd[i] + paramMean[i];
      return row;
    });
  }

  private presenceOf(crops: readonly Pixels[], params: readonly Float32Array[]): Promise<number[]> {
    const size = this.spec.input.size;
    const landmarks = params.map((row) => this.faceModel.landmarks(row, cropPose(row, size)));
    return this.presence.measure(crops, landmarks);
  }
}

function checkFits(model: MorphableModel, { faceModel }: ModelSpec): void {
  if (model.sha256 && model.sha256 !== faceModel.sha256) {
    throw new SpecError(
      `the network is for face model ${faceModel.name} (${faceModel.sha256.slice(0, 12)}), got ` +
        `${model.name} (${model.sha256.slice(0, 12)}): give the network's own`,
    );
  }
}

async function modelOf(source: FileSource | MorphableModel): Promise<MorphableModel> {
  if (source instanceof MorphableModel) return source;
  const name = source instanceof Uint8Array ? "the face model" : String(source);
  return MorphableModel.fromNpz(await bytesOf(source), name);
}

async function bytesOf(source: FileSource): Promise<Uint8Array> {
  if (source instanceof Uint8Array) return source;
  try {
    const response = await fetch(source);
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return new Uint8Array(await response.arrayBuffer());
  } catch (error) {
    throw new BackendError(`${source}: cannot be fetched (${messageOf(error)})`, { cause: error });
  }
}
