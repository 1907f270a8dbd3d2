"""Why a value is missing, where several values share the words."""

__all__ = ["NO_BEAT", "SILENT", "no_loudness", "no_window"]

NO_BEAT = "no steady beat is heard"
SILENT = "silent: no 0.1 s are above −70 dBFS"


def no_loudness(steps: int, needed: int, *, of: str = "") -> str:
    """Return why there is no loudness of windows of so many steps of 100 ms, if there is none."""
    seconds = f"{needed / 10:g} s"
    if steps < needed:
        return f"too short: this loudness takes {seconds}"
    return f"silent: no {seconds}{of} are above −70 LUFS"


def no_window(steps: int, needed: int, what: str) -> str:
    """Return why nothing audible was found in windows of so many steps, if nothing was."""
    seconds = f"{needed / 10:g} s"
    if steps < needed:
        return f"too short: {what} takes {seconds}"
    return f"silent: no {seconds} are above −70 dBFS"
