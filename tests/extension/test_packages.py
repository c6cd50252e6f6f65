"""What is handed to the stores."""

import shutil
import zipfile
from pathlib import Path

from ium.runtime import extension


def test_the_zips_are_the_same_byte_for_byte_and_hold_what_stores_want(dist: Path) -> None:
    def packed() -> dict[str, bytes]:
        extension.npm("run", "--silent", "zip")
        return {path.name: path.read_bytes() for path in dist.glob("*.zip")}

    first = packed()
    for path in dist.iterdir():
        path.unlink() if path.is_file() else shutil.rmtree(path)
    assert packed() == first
    try:
        assert len(first) == 3
        for path in dist.glob("*.zip"):
            with zipfile.ZipFile(path) as archive:
                assert archive.testzip() is None
                assert not any("node_modules" in name for name in archive.namelist())
        with zipfile.ZipFile(next(dist.glob("ium-chrome-*.zip"))) as chrome:
            assert b'"key"' not in chrome.read("manifest.json"), "stores give ids of their own"
    finally:
        extension.npm("run", "--silent", "build")  # the other tests need the development id
