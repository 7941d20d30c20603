"""What the documents say is what the code does."""

import importlib.util
import re
from pathlib import Path

import yaml

from retia import cli
from retia.disclaimer import DISCLAIMER

ROOT = Path(__file__).resolve().parents[1]


def test_help_page_is_up_to_date(monkeypatch):
    spec = importlib.util.spec_from_file_location("make_help", ROOT / "docs" / "make_help.py")
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    assert module.help_page() == (ROOT / "docs" / "help.md").read_text(), "run `make docs`"


def test_the_notice_stands_everywhere():
    for name in ("README.md", "docs/how_it_works.md"):
        assert DISCLAIMER in " ".join((ROOT / name).read_text().replace("> ", "").split())


def test_every_folder_stands_in_the_tree_of_the_readme():
    tree = (ROOT / "README.md").read_text().split("src/retia/")[1]
    for folder in sorted(p for p in (ROOT / "src" / "retia").iterdir() if p.is_dir()):
        if not folder.name.startswith("__"):
            assert f"  {folder.name}/" in tree


def test_links_of_the_readme_lead_somewhere():
    for target in re.findall(r"\]\(([^)#]+)\)", (ROOT / "README.md").read_text()):
        assert (ROOT / target).exists(), target


def test_verbs_the_readme_shows_exist():
    for verb in re.findall(
        r"^retia ([a-z]+(?: (?:train|predict))?)", (ROOT / "README.md").read_text(), re.M
    ):
        assert verb in cli.VERBS or any(v.startswith(f"{verb} ") for v in cli.VERBS), verb


def test_recipes_begin_with_their_command():
    for recipe in sorted((ROOT / "recipes").glob("*.yaml")):
        assert recipe.read_text().startswith(f"# retia run recipes/{recipe.name}")
        assert {"title", "out", "seed", "steps"} <= set(yaml.safe_load(recipe.read_text()))
