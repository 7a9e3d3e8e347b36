// The visitor's camera, and what it is called when there is none.

import { FrsdkError } from "../errors.js";

/** The camera cannot be used; the message says what a visitor can do. */
export class CameraError extends FrsdkError {
  override name = "CameraError";
}

const WANTED: MediaStreamConstraints = {
  audio: false,
  video: { width: { ideal: 640 }, height: { ideal: 480 }, facingMode: "user" },
};
const REASONS: Readonly<Record<string, string>> = {
  NotFoundError: "No camera was found: connect one, or choose a picture.",
  OverconstrainedError: "No camera was found: connect one, or choose a picture.",
  NotAllowedError:
    "The camera is not allowed for this page: allow it in the browser's address bar, or choose a picture.",
  SecurityError:
    "The camera is not allowed for this page: allow it in the browser's address bar, or choose a picture.",
  NotReadableError: "The camera is in use by another program: close that one and start again.",
  AbortError: "The camera did not start: try again, or choose a picture.",
};

/** An open camera, playing into a video element that is never shown. */
export class Camera {
  private constructor(
    readonly video: HTMLVideoElement,
    private readonly stream: MediaStream,
  ) {}

  /**
   * Ask for the camera and start it.
   *
   * @param onEnded Called when it is unplugged or taken back.
   * @throws CameraError when there is none, or it is not allowed.
   */
  static async open(onEnded: () => void): Promise<Camera> {
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices === undefined) {
      throw new CameraError("Browsers give the camera to https pages and to 127.0.0.1 only.");
    }
    let stream: MediaStream;
    try {
      stream = await devices.getUserMedia(WANTED);
    } catch (error) {
      const name = error instanceof DOMException ? error.name : "";
      const reason = REASONS[name] ?? `The camera cannot be used (${String(error)}).`;
      throw new CameraError(reason, { cause: error });
    }
    const video = document.createElement("video");
    video.muted = true;
    video.playsInline = true;
    video.srcObject = stream;
    stream.getVideoTracks()[0]?.addEventListener("ended", onEnded);
    try {
      await video.play();
    } catch (error) {
      stream.getTracks().forEach((track) => track.stop());
      throw new CameraError("The camera gives no picture: start it again.", { cause: error });
    }
    return new Camera(video, stream);
  }

  /** Switch the camera off. */
  close(): void {
    this.stream.getTracks().forEach((track) => track.stop());
    this.video.srcObject = null;
  }

  /** Resolves when there is a new frame; not while the tab is in the background. */
  nextFrame(): Promise<void> {
    return new Promise((resolve) => {
      if ("requestVideoFrameCallback" in this.video) {
        this.video.requestVideoFrameCallback(() => resolve());
      } else {
        requestAnimationFrame(() => resolve());
      }
    });
  }
}
