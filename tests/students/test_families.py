"""One table says what differs; what is missing has a remedy in its message."""

import importlib.util
import json

import pytest

from retia.errors import UserError
from retia.students.families import family_of


def write_config(folder, **config):
    (folder / "config.json").write_text(json.dumps(config))
    return folder


def test_a_llava_with_the_own_tower_is_the_embedded_family(tmp_path):
    write_config(tmp_path, model_type="llava", vision_config={"model_type": "retia_tower"})
    assert family_of(tmp_path).name == "embedded"
    write_config(tmp_path, model_type="llava", vision_config={"model_type": "clip_vision_model"})
    assert family_of(tmp_path).name == "llava"


def test_missing_torchvision_names_the_extra(tmp_path, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"Qwen2.5-VL needs torchvision.*retia\[gpu\]"):
        family_of(write_config(tmp_path, model_type="qwen2_5_vl"))


def test_an_unknown_family_lists_the_known(tmp_path):
    with pytest.raises(UserError, match=r"'bert'.*embedded, llava, qwen2_vl"):
        family_of(write_config(tmp_path, model_type="bert"))


def test_a_folder_without_config_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no config\.json"):
        family_of(tmp_path)
