"""The errors that frsdk raises: one line each, what was expected, what came, the remedy."""

from __future__ import annotations


class FrsdkError(Exception):
    """Base of every error that a caller of frsdk may meet.

    Its text is one line, whatever the names that it quotes are made of.
    """

    def __str__(self) -> str:
        """The message; line breaks in it become spaces."""
        return " ".join(super().__str__().splitlines())


class InputError(FrsdkError):
    """The caller gave something unusable: an image array, boxes, a folder, a label file."""


class ImageFileError(InputError):
    """A picture file cannot be read."""


class UnknownFormatError(ImageFileError):
    """A file is no picture of a kind that is read."""


class TooManyPixelsError(ImageFileError):
    """A picture has more pixels than it may have."""


class SpecError(FrsdkError):
    """An artefact's :class:`~frsdk.ModelSpec` is missing, wrong, too new or does not fit."""


class FaceModelError(FrsdkError):
    """A face-model file is damaged or lacks what the call needs."""


class MissingDependencyError(FrsdkError):
    """A package is not installed; the message holds the pip line."""


class BackendError(FrsdkError):
    """An inference engine cannot be opened or run."""


class AccuracyError(FrsdkError):
    """A converted network loses more accuracy against FP32 than it may."""


class OutputError(FrsdkError):
    """A result cannot be written."""
