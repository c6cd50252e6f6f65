"""Logos: looked at byte by byte, and stored without anything that is not the picture.

PNG, JPEG and WebP only. The file's own structure decides what it is, never its name. Text, camera data, places and
whatever follows the end of the picture are left out, so nothing else can travel in it.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

from django.utils.translation import gettext as _

from ium.lib.errors import BadInput
from slots.models import LogoType

LARGEST_BYTES = 256 * 1024
LARGEST_SIDE = 2000
_PNG = b"\x89PNG\r\n\x1a\n"
# What a picture needs to look right; everything else (texts, times, profiles' comments) is left out.
_PNG_CHUNKS = {
    *(b"IHDR", b"PLTE", b"IDAT", b"IEND", b"tRNS"),
    *(b"gAMA", b"cHRM", b"sRGB", b"iCCP", b"sBIT", b"pHYs"),
}
_WEBP_CHUNKS = {b"VP8 ", b"VP8L", b"VP8X", b"ALPH", b"ICCP"}
# JPEG markers: start of frame (size), start of scan, application data that changes how the colours look.
_JPEG_FRAMES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_JPEG_SCAN, _JPEG_END, _JPEG_COMMENT = 0xDA, 0xD9, 0xFE
_JPEG_KEPT_DATA = {0xE0, 0xE2, 0xEE}
_JPEG_DATA = range(0xE0, 0xF0)
_JPEG_RESTARTS = range(0xD0, 0xD8)


@dataclass(frozen=True)
class Picture:
    """A checked picture: its kind, its size in pixels, and its bytes, cleaned."""

    kind: LogoType
    width: int
    height: int
    data: bytes


def checked_picture(data: bytes) -> Picture:
    """Return the picture, cleaned. Raises BadInput for anything that is not a small PNG, JPEG or WebP."""
    if len(data) > LARGEST_BYTES:
        text = _("The picture is too large: at most %(size)s KiB. Save it smaller.")
        raise BadInput(text % {"size": LARGEST_BYTES // 1024})
    try:
        picture = _read(data)
    except (struct.error, IndexError, ValueError) as error:
        raise BadInput(_("The picture is damaged. Save it again as PNG.")) from error
    if not (0 < picture.width <= LARGEST_SIDE and 0 < picture.height <= LARGEST_SIDE):
        text = _("The picture has too many pixels: at most %(side)s on each side.")
        raise BadInput(text % {"side": LARGEST_SIDE})
    return picture


def _read(data: bytes) -> Picture:
    if data.startswith(_PNG):
        return _png(data)
    if data.startswith(b"\xff\xd8\xff"):
        return _jpeg(data)
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return _webp(data)
    raise BadInput(
        _(
            "This is no PNG, JPEG or WebP picture. An SVG can carry programs: save it as PNG instead."
        )
    )


def _png(data: bytes) -> Picture:
    chunks = list(_png_chunks(data))
    if chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise ValueError("no header or no end")
    width, height = struct.unpack(">II", chunks[0][1][:8])
    kept = [_png_chunk(kind, body) for kind, body in chunks if kind in _PNG_CHUNKS]
    return Picture(LogoType.PNG, width, height, _PNG + b"".join(kept))


def _png_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and content of every chunk up to the end of the picture. Raises ValueError for a wrong checksum."""
    at = len(_PNG)
    kind = b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", data, at)
        body = data[at + 8 : at + 8 + length]
        (told,) = struct.unpack_from(">I", data, at + 8 + length)
        if told != zlib.crc32(kind + body):
            raise ValueError("wrong checksum")
        yield kind, body
        at += length + 12


def _png_chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def _jpeg(data: bytes) -> Picture:
    kept, size, at = [b"\xff\xd8"], (0, 0), 2
    while (marker := _jpeg_marker(data, at)) != _JPEG_END:
        end = at + 2 + struct.unpack_from(">H", data, at + 2)[0]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", data, at + 5)
            size = (width, height)
        if marker == _JPEG_SCAN:
            end = _jpeg_scan_end(data, end)
        if _jpeg_keeps(marker):
            kept.append(data[at:end])
        at = end
    return Picture(LogoType.JPEG, *size, b"".join(kept) + b"\xff\xd9")


def _jpeg_marker(data: bytes, at: int) -> int:
    if data[at] != 0xFF:
        raise ValueError("no segment")
    return data[at + 1]


def _jpeg_scan_end(data: bytes, at: int) -> int:
    """Return where the next segment begins: 0xFF 0x00 and restart marks belong to the scan."""
    at = data.index(b"\xff", at)
    while data[at + 1] == 0 or data[at + 1] in _JPEG_RESTARTS:
        at = data.index(b"\xff", at + 2)
    return at


def _jpeg_keeps(marker: int) -> bool:
    if marker in _JPEG_DATA:
        return marker in _JPEG_KEPT_DATA
    return marker != _JPEG_COMMENT


def _webp(data: bytes) -> Picture:
    chunks = list(_webp_chunks(data))
    width, height = _webp_size(*chunks[0])
    kept = b"".join(_webp_chunk(kind, body) for kind, body in chunks if kind in _WEBP_CHUNKS)
    head = struct.pack("<4sI4s", b"RIFF", len(kept) + 4, b"WEBP")
    return Picture(LogoType.WEBP, width, height, head + kept)


def _webp_chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Give kind and content of every chunk within the length that the file itself tells."""
    end = struct.unpack_from("<I", data, 4)[0] + 8
    if end > len(data):
        raise ValueError("cut off")
    at = 12
    while at + 8 <= end:
        kind, length = struct.unpack_from("<4sI", data, at)
        if at + 8 + length > end:
            raise ValueError("cut off")
        yield kind, data[at + 8 : at + 8 + length]
        at += 8 + length + length % 2


def _webp_chunk(kind: bytes, body: bytes) -> bytes:
    if kind == b"VP8X":  # flags: no camera data, no XMP, no animation
        body = bytes([body[0] & 0b0011_0000]) + body[1:]
    return struct.pack("<4sI", kind, len(body)) + body + b"\0" * (len(body) % 2)


def _webp_size(kind: bytes, body: bytes) -> tuple[int, int]:
    if kind == b"VP8X":
        return (
            int.from_bytes(body[4:7], "little") + 1,
            int.from_bytes(body[7:10], "little") + 1,
        )
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8 " and body[3:6] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", body, 6)
        return width & 0x3FFF, height & 0x3FFF
    raise ValueError("no picture")
