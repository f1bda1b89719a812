import pytest

from chatcad.errors import UsageError
from chatcad.premises import keep_on_premises, on_premises


@pytest.mark.parametrize(
    "url",
    ["http://localhost:1/v1", "http://127.0.0.1/v1", "http://[::1]:8000/v1", "http://10.0.0.3/v1", "http://gpu:8000/v1",
     "http://192.168.1.9/v1", "https://vllm.local/v1", "http://llm.ward.internal/v1", "http://[fd00::1]/v1"],
)  # fmt: skip
def test_here(url):
    assert on_premises(url)


@pytest.mark.parametrize(
    "url",
    ["https://api.openai.com/v1", "http://8.8.8.8/v1", "http://localhost.example.com/v1", "http://local@evil.com/v1",
     "http://134744072/v1", "http://0x08080808/v1", "http://[2001:4860:4860::8888]/v1", "http:///v1", ""],
)  # fmt: skip
def test_elsewhere(url):
    assert not on_premises(url)


def test_what_would_leave_is_named_and_may_be_allowed():
    with pytest.raises(UsageError, match="questions would leave them: set CHATCAD_ALLOW_REMOTE=1"):
        keep_on_premises("https://example.com", "questions", allow_remote=False)
    keep_on_premises("https://example.com", "questions", allow_remote=True)
    keep_on_premises("http://127.0.0.1:8000", "questions", allow_remote=False)
