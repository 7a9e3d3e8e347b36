// The errors of the package: one line each, what was expected, what came, the remedy.

/** Base of every error that a caller may meet. */
export class FrsdkError extends Error {
  override name = "FrsdkError";
}

/** The caller gave something unusable: an image, boxes, an option. */
export class InputError extends FrsdkError {
  override name = "InputError";
}

/** A picture file cannot be read. */
export class ImageFileError extends InputError {
  override name = "ImageFileError";
}

/** A network's specification is missing, wrong, too new or does not fit. */
export class SpecError extends FrsdkError {
  override name = "SpecError";
}

/** A face-model file is damaged. */
export class FaceModelError extends FrsdkError {
  override name = "FaceModelError";
}

/** The inference engine cannot be opened or run. */
export class BackendError extends FrsdkError {
  override name = "BackendError";
}

/** An unknown thrown value as one line of text. */
export function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message || error.name : String(error);
  return text.replace(/\s+/g, " ").trim();
}
