"""Write the pictures of the README from a finished run (`runs/quickstart` unless one is named).

All of them show grown eyes.
"""

import sys
from pathlib import Path

from PIL import Image

PICTURES = {
    "cohort": "cohort/contact_sheet.png",
    "explanation": "explanation/overlay.png",
}


def main(run: Path) -> None:
    """Convert the run's pictures to JPEG, which halves the size of the repository's pictures."""
    folder = Path(__file__).with_name("pictures")
    folder.mkdir(exist_ok=True)
    for name, source in PICTURES.items():
        Image.open(run / source).convert("RGB").save(folder / f"{name}.jpg", quality=85)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "runs/quickstart"))
