"""A logo is a small picture and nothing else, whatever it is called."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ium.lib.errors import BadInput
from slots.models import LogoType
from slots.queue_page.pictures import LARGEST_BYTES, checked_picture
from tests.pictures import JPEG, WEBP, chunk, png

SCRIPT = b"<script>alert(1)</script>"


@pytest.mark.parametrize(
    ("data", "kind", "size"),
    [
        (png(120, 40), LogoType.PNG, (120, 40)),
        (JPEG, LogoType.JPEG, (1, 1)),
        (WEBP, LogoType.WEBP, (1, 1)),
    ],
)
def test_three_kinds_are_known_by_what_they_are(
    data: bytes, kind: LogoType, size: tuple[int, int]
) -> None:
    picture = checked_picture(data)

    assert picture.kind == kind
    assert (picture.width, picture.height) == size
    assert picture.data == data


@pytest.mark.parametrize("data", [png(), JPEG, WEBP])
def test_what_follows_the_picture_is_cut_off(data: bytes) -> None:
    assert checked_picture(data + SCRIPT).data == data


def test_texts_and_camera_data_are_left_out() -> None:
    assert checked_picture(png(extra=chunk(b"tEXt", b"Comment\0" + SCRIPT))).data == png()
    camera = b"\xff\xe1" + (2 + len(SCRIPT)).to_bytes(2, "big") + SCRIPT
    comment = b"\xff\xfe" + (2 + len(SCRIPT)).to_bytes(2, "big") + SCRIPT
    assert checked_picture(JPEG[:20] + camera + comment + JPEG[20:]).data == JPEG


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<svg xmlns='http://www.w3.org/2000/svg'/>",
        b"<?xml version='1.0'?><svg/>",
        b"GIF89a\x01\x00\x01\x00",
        b"<html>",
        b"BM",
    ],
)
def test_other_files_are_refused_with_advice(data: bytes) -> None:
    with pytest.raises(BadInput, match="save it as PNG"):
        checked_picture(data)


@pytest.mark.parametrize("data", [png()[:-20], JPEG[:-2], JPEG[:30], WEBP[:-4], WEBP[:14]])
def test_a_picture_that_was_cut_off_is_refused(data: bytes) -> None:
    with pytest.raises(BadInput, match="damaged"):
        checked_picture(data)


def test_a_wrong_checksum_is_refused() -> None:
    with pytest.raises(BadInput, match="damaged"):
        checked_picture(png().replace(b"IDAT", b"IDAU"))


def test_large_pictures_are_refused() -> None:
    with pytest.raises(BadInput, match="at most 256 KiB"):
        checked_picture(png() + b"\0" * LARGEST_BYTES)
    with pytest.raises(BadInput, match="at most 2000"):
        checked_picture(png(2001, 1))


@given(st.sampled_from([png(3, 2), JPEG, WEBP]), st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_picture_is_refused_or_still_a_picture(whole: bytes, data: st.DataObject) -> None:
    """Nothing but BadInput ever comes of it, and what is taken is of the same kind."""
    at = data.draw(st.integers(0, len(whole) - 1))
    broken = (
        whole[:at] + data.draw(st.binary(max_size=4)) + whole[at + data.draw(st.integers(0, 4)) :]
    )
    try:
        picture = checked_picture(broken)
    except BadInput:
        return
    assert picture.data[:3] in {b"\x89PN", b"\xff\xd8\xff", b"RIF"}
    assert checked_picture(picture.data).data == picture.data
