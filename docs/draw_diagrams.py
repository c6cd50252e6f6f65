"""Draw the `mermaid` blocks of the manual again, with Debian's Chromium and mermaid from npm.

npm install --no-save --prefix /tmp/mermaid mermaid@12.3.0
.venv/bin/python docs/draw_diagrams.py /tmp/mermaid/node_modules/mermaid/dist/mermaid.min.js
"""

import re
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from conf import diagram_name
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
FOLDER = DOCS / "images" / "diagrams"
BLOCK = re.compile(r"^```mermaid\n(.*?)^```", re.MULTILINE | re.DOTALL)
SETTINGS = {
    "startOnLoad": False,
    "theme": "neutral",
    "deterministicIds": True,
    "deterministicIDSeed": "ium",
    "fontFamily": "Arial, Helvetica, sans-serif",
}
# A picture has no page around it: it needs a size and the name of its language.
DRAW = """async ([settings, name, source]) => {
    mermaid.initialize(settings);
    const holder = document.createElement("div");
    holder.innerHTML = (await mermaid.render("d" + name, source)).svg;
    const svg = holder.firstElementChild;
    const [, , width, height] = svg.getAttribute("viewBox").split(" ");
    svg.setAttribute("width", Math.ceil(width));
    svg.setAttribute("height", Math.ceil(height));
    svg.removeAttribute("style");
    return new XMLSerializer().serializeToString(svg);
}"""


def blocks() -> dict[str, str]:
    """Return the diagrams of all pages by the name of their picture."""
    texts = (path.read_text("utf-8") for path in sorted(DOCS.rglob("*.md")))
    return {diagram_name(each): each for text in texts for each in BLOCK.findall(text)}


def main(script: Path) -> None:
    """Draw what is missing and remove what nobody shows."""
    wanted = blocks()
    FOLDER.mkdir(parents=True, exist_ok=True)
    for path in FOLDER.glob("*.svg"):
        if path.name not in wanted:
            path.unlink()
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page()
        page.add_script_tag(path=script)
        for name, source in wanted.items():
            if not (FOLDER / name).exists():
                svg = page.evaluate(DRAW, [SETTINGS, name.removesuffix(".svg"), source])
                (FOLDER / name).write_text(svg + "\n", "utf-8")
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
