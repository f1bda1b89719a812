import os
import subprocess
import sys
import threading

import pytest

from chatcad.config import Settings, load_settings
from chatcad.errors import ModelMissing, UsageError
from chatcad.llm import registry


def python(code, **env):
    env = {**os.environ, **env}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_names():
    assert registry.names() == ("embedded", "transformers", "openai", "scripted")


@pytest.mark.parametrize("name", registry.names())
def test_every_backend_has_a_status_with_a_remedy_where_it_is_unusable(name, tmp_path):
    status = registry.status(name, Settings(cache=tmp_path))
    assert status.detail
    assert status.usable or status.remedy


def test_unknown_name_lists_the_known_ones():
    for call in (lambda: registry.load(Settings(backend="gpt")), lambda: registry.status("gpt", Settings())):
        with pytest.raises(UsageError, match=r"gpt.*embedded, transformers, openai, scripted"):
            call()


def test_missing_things_leave_with_exit_code_4():
    with pytest.raises(ModelMissing) as caught:
        registry.load(Settings(backend="openai"))
    assert caught.value.exit_code == 4
    assert "CHATCAD_BASE_URL" in str(caught.value)


def test_loaded_once_per_choice(tmp_path):
    script = tmp_path / "replies.json"
    script.write_text('["Yes."]')
    settings = Settings(backend="scripted", model=str(script))
    models = []
    threads = [threading.Thread(target=lambda: models.append(registry.load(settings))) for _ in range(8)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert len(models) == 8
    assert len({id(m) for m in models}) == 1
    assert registry.load(Settings(backend="scripted", model=str(script), port=1)) is models[0]
    assert registry.load(Settings(backend="scripted")) is not models[0]


def test_status_imports_no_torch_and_no_page():
    heavy = "import sys; from chatcad.config import Settings; from chatcad.llm import registry\n"
    heavy += "[registry.status(n, Settings()) for n in registry.names()]\n"
    heavy += "print([m for m in ('torch', 'transformers', 'langchain_core', 'gradio') if m in sys.modules])"
    assert python(heavy) == "[]"


def test_prompts_are_never_traced_to_a_cloud():
    code = "from chatcad.config import Settings; from chatcad.llm import registry\n"
    code += "registry.load(Settings(backend='scripted'))\n"
    code += "from langsmith.utils import tracing_is_enabled; print(tracing_is_enabled())"
    assert python(code, LANGCHAIN_TRACING_V2="true", LANGSMITH_TRACING="true", LANGSMITH_API_KEY="x") == "False"


@pytest.mark.parametrize(("raw", "meant"), [("1", True), ("yes", True), ("0", False), ("False", False)])
def test_switches_are_read_as_words(monkeypatch, raw, meant):
    monkeypatch.setenv("CHATCAD_ALLOW_REMOTE", raw)
    assert load_settings().allow_remote is meant


def test_a_switch_that_is_none_is_refused(monkeypatch):
    monkeypatch.setenv("CHATCAD_ALLOW_REMOTE", "maybe")
    with pytest.raises(UsageError, match="CHATCAD_ALLOW_REMOTE"):
        load_settings()
