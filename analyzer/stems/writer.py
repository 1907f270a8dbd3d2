"""Writes one stem as FLAC while it is being made."""

import errno
from typing import Literal

import numpy as np
import soundfile

from analyzer.output.folder import GrowingFile
from analyzer.samples import Samples

__all__ = ["FINE_BITS", "StemWriter"]

FINE_BITS = 16
"""Sources of more bits have stems of 24."""


class StemWriter:
    """A FLAC file at the rate of the source; loudness is left as it is.

    Samples beyond full scale are clipped, and counted in `clipped`.
    """

    def __init__(self, file: GrowingFile, rate: int, channels: int, bit_depth: int | None) -> None:
        subtype: Literal["PCM_16", "PCM_24"] = (
            "PCM_16" if bit_depth is None or bit_depth <= FINE_BITS else "PCM_24"
        )
        self._file = file
        self._sound = soundfile.SoundFile(
            file.file.fileno(),
            "w",
            samplerate=rate,
            channels=channels,
            subtype=subtype,
            format="FLAC",
            closefd=False,
        )
        self.clipped = 0

    def write(self, samples: Samples) -> None:
        """Append samples of shape (frames, channels).

        Raises:
            OSError: They cannot be written.

        """
        self.clipped += int(np.count_nonzero(np.abs(samples) > 1))
        try:
            self._sound.write(samples)
        except soundfile.LibsndfileError as error:
            raise OSError(errno.EIO, str(error)) from error

    def finish(self) -> str:
        """Give the file its name, and return its path below the output mount.

        Raises:
            OSError: It cannot be written.

        """
        self._sound.close()
        return self._file.commit()

    def discard(self) -> None:
        """Remove what was written."""
        self._sound.close()
        self._file.discard()
