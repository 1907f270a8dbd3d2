"""What can be wrong with a job or its file, each with the reason that its result will carry.

```
AnalyzerError
├── AnalysisRefused        the message or the file is at fault: another attempt cannot succeed
│   ├── InvalidJob         the job contradicts the file
│   ├── PathNotAllowed     the path leads out of the shared mount, or to something that is no file
│   ├── AudioFileNotFound  nothing is there
│   ├── UnsupportedFormat  it is not audio, or not of a kind that is decoded
│   ├── CorruptAudio       it is audio, and cannot be decoded
│   └── LimitExceeded      it is longer, wider or faster than the limits allow
├── DecoderKilled          the kernel killed the decoder: most likely out of memory
├── DecoderMissing         there is no ffmpeg for a file that needs one
├── MountMissing           the shared mount is not there
└── OutputRefused          the output mount cannot be written to: the analysis goes on without
```
"""

from typing import ClassVar

from offbeat.failure import FailureReason

__all__ = [
    "AnalysisRefused",
    "AnalyzerError",
    "AudioFileNotFound",
    "CorruptAudio",
    "DecoderKilled",
    "DecoderMissing",
    "InvalidJob",
    "LimitExceeded",
    "MountMissing",
    "OutputRefused",
    "PathNotAllowed",
    "UnsupportedFormat",
]


class AnalyzerError(Exception):
    """Base of the analyzer's own errors."""


class AnalysisRefused(AnalyzerError):
    """A job that cannot succeed; its text begins with the path as the producer wrote it."""

    reason: ClassVar[FailureReason]

    def __init__(self, complaint: str) -> None:
        super().__init__(complaint)
        self.complaint = complaint
        self.path: str | None = None

    def __str__(self) -> str:
        """Return the sentence for the producer."""
        return f"{self.path}: {self.complaint}" if self.path else self.complaint


class InvalidJob(AnalysisRefused):
    """The job contradicts the file."""

    reason = FailureReason.INVALID_JOB


class PathNotAllowed(AnalysisRefused):
    """The path leads out of the shared mount, or to something that is no file."""

    reason = FailureReason.PATH_NOT_ALLOWED


class AudioFileNotFound(AnalysisRefused):
    """Nothing is there."""

    reason = FailureReason.FILE_NOT_FOUND


class UnsupportedFormat(AnalysisRefused):
    """The file is not audio, or not of a kind that is decoded."""

    reason = FailureReason.UNSUPPORTED_FORMAT


class CorruptAudio(AnalysisRefused):
    """The file is audio, and cannot be decoded."""

    reason = FailureReason.CORRUPT_AUDIO


class LimitExceeded(AnalysisRefused):
    """The file is longer, wider or faster than the limits allow."""

    reason = FailureReason.LIMIT_EXCEEDED


class DecoderKilled(AnalyzerError):
    """The kernel killed the decoder: most likely the container ran out of memory."""


class DecoderMissing(AnalyzerError):
    """There is no ffmpeg for a file that needs one."""


class MountMissing(AnalyzerError):
    """The shared mount is not there: the operator's mistake, not the producer's."""


class OutputRefused(AnalyzerError):
    """The output mount cannot be written to; the result says so, and is complete without."""
