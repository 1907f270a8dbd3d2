"""Frame headers of MPEG audio (ISO 11172-3, 13818-3) and of AAC in ADTS (ISO 13818-7)."""

from dataclasses import dataclass

__all__ = ["FrameHeader", "find_mpeg_audio", "has_mpeg_audio", "is_adts", "parse_header"]

_BITRATES_KBPS = {
    (1, 1): (0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 3): (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 1): (0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
    (2, 3): (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_RATES_HZ = {0: (11_025, 12_000, 8_000), 2: (22_050, 24_000, 16_000), 3: (44_100, 48_000, 32_000)}
_FRAMES_IN_A_ROW = 3


@dataclass(frozen=True)
class FrameHeader:
    """One frame of MPEG audio: its length in bytes, and where a Xing tag would stand in it."""

    layer: int
    length: int
    xing_offset: int


def parse_header(data: bytes) -> FrameHeader | None:
    """Read the four bytes of a frame header; `None` if they are none, or of free format."""
    if len(data) < 4 or data[0] != 0xFF or data[1] & 0xE0 != 0xE0:
        return None
    version, layer = data[1] >> 3 & 3, 4 - (data[1] >> 1 & 3)
    bitrate_index, rate_index, padding = data[2] >> 4, data[2] >> 2 & 3, data[2] >> 1 & 1
    if version == 1 or layer == 4 or bitrate_index in {0, 15} or rate_index == 3:
        return None
    bitrate = _BITRATES_KBPS[1 if version == 3 else 2, layer][bitrate_index] * 1000
    rate = _RATES_HZ[version][rate_index]
    if layer == 1:
        length = (12 * bitrate // rate + padding) * 4
    else:
        samples = 576 if layer == 3 and version != 3 else 1152
        length = samples // 8 * bitrate // rate + padding
    mono = data[3] >> 6 == 3
    side = (17 if mono else 32) if version == 3 else (9 if mono else 17)
    return FrameHeader(layer, length, 4 + side)


def find_mpeg_audio(head: bytes) -> int | None:
    """Return the offset of the first MPEG audio frame: others follow it, or the end of the data."""
    start = head.find(b"\xff")
    while start >= 0:
        if _frames_follow(head, start):
            return start
        start = head.find(b"\xff", start + 1)
    return None


def has_mpeg_audio(head: bytes) -> bool:
    """Return whether MPEG audio is among the first bytes of a file, be it behind padding."""
    return find_mpeg_audio(head) is not None


def is_adts(head: bytes) -> bool:
    """Return whether the data begin with AAC frames in ADTS."""
    position = 0
    for _ in range(_FRAMES_IN_A_ROW):
        if position == len(head) and position > 0:
            return True
        if len(head) < position + 7 or head[position] != 0xFF or head[position + 1] & 0xF6 != 0xF0:
            return False
        length = (head[position + 3] & 3) << 11 | head[position + 4] << 3 | head[position + 5] >> 5
        if length < 7:
            return False
        position += length
    return True


def _frames_follow(head: bytes, start: int) -> bool:
    first = parse_header(head[start : start + 4])
    if first is None:
        return False
    position = start + first.length
    for _ in range(_FRAMES_IN_A_ROW - 1):
        if position == len(head):
            return True
        following = parse_header(head[position : position + 4])
        if following is None or following.layer != first.layer:
            return False
        position += following.length
    return True
