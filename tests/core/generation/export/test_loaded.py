"""An export as those read it who train: `datasets` loads the folder, `transformers` renders its conversations."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from core import db
from core.generation.conversations.messages import Messages
from core.generation.export.formats import FORMATS
from core.generation.export.wanted import Wanted
from tests import generation
from tests.core.generation.export.opened import packed

SYSTEM = {"role": "system", "content": "Be kind: yes."}
WORDS = 'A "quoted" – line\nwith <b>marks</b>, \u202e, \u2028 and {{ braces }} 🎉'
TALKS: list[Messages] = [  # first one without a history, so that no column's type may be guessed by it
    generation.talk("Short?", "Yes."),
    [SYSTEM, *generation.talk("a", "b", WORDS, WORDS)],
    generation.talk("Where is it?", "Here.", "Really?", "Really."),
    generation.talk("x" * 90_000, "y"),
]
READER = """
import json, sys
from pathlib import Path
import datasets
from transformers.utils.chat_template_utils import render_jinja_template
TEMPLATE = "{% for one in messages %}<|{{ one['role'] }}|>{{ one['content'] }}{% endfor %}"
found = {}
for folder in sorted(Path(sys.argv[1]).iterdir()):
    loaded = datasets.load_dataset(str(folder))
    found[folder.name] = {split: list(rows) for split, rows in loaded.items()}
    if "messages" in loaded["train"].column_names:
        chats = [row["messages"] for split in loaded.values() for row in split]
        texts, _ = render_jinja_template(chats, chat_template=TEMPLATE)
        found[folder.name]["rendered"] = texts
assert "torch" not in sys.modules
Path(sys.argv[2]).write_text(json.dumps(found))
"""


@pytest.fixture
def loaded(sqlite_database: db.Database, user: db.User, tmp_path: Path) -> dict[str, Any]:
    """What each format holds once it is loaded, by name."""
    for idx, said in enumerate(TALKS):
        generation.conversation(user, idx=idx, said=said, status="approved", is_offline=idx == 1)
    for name in FORMATS:
        for folder, share in ((f"{name} split", 0.5), (name, 0.0)):
            with zipfile.ZipFile(io.BytesIO(packed(user, Wanted(name, validation=share)))) as archive:
                archive.extractall(tmp_path / "in" / folder)
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path / "hf")}
    command = [sys.executable, "-c", READER, str(tmp_path / "in"), str(tmp_path / "found.json")]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr[-3000:]
    found: dict[str, Any] = json.loads((tmp_path / "found.json").read_text())
    return found


def test_each_format_is_loaded_whole_and_rendered(loaded: dict[str, Any]) -> None:
    rendered = ["".join(f"<|{one['role']}|>{one['content']}" for one in talk) for talk in TALKS]
    for name in FORMATS:
        whole, split = loaded[name], loaded[f"{name} split"]
        assert len(whole["train"]) == len(TALKS)
        assert "validation" not in whole
        both = [*split["train"], *split["validation"]]
        assert split["train"] and split["validation"]
        assert sorted(row["id"] for row in both) == sorted(row["id"] for row in whole["train"])
        assert [row["is_offline"] for row in whole["train"]] == [False, True, False, False]
    for name in ("chat-jsonl", "parquet"):
        assert [row["messages"] for row in loaded[name]["train"]] == TALKS
        assert loaded[name]["rendered"] == rendered
        assert sorted(loaded[f"{name} split"]["rendered"]) == sorted(rendered)
    shared = [one["conversations"] for one in loaded["sharegpt"]["train"]]
    assert shared[1][0] == {"from": "system", "value": SYSTEM["content"]}
    assert [[one["value"] for one in talk] for talk in shared] == [
        [one["content"] for one in talk] for talk in TALKS
    ]
    alpaca = loaded["alpaca"]["train"]
    assert [row["history"] for row in alpaca] == [[], [["a", "b"]], [["Where is it?", "Here."]], []]
    assert [row["system"] for row in alpaca] == ["", SYSTEM["content"], "", ""]
    assert (alpaca[1]["instruction"], alpaca[1]["output"]) == (WORDS, WORDS)
