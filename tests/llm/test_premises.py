import pytest

from chatcad.llm.premises import defuse, on_premises


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


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "<|eot_id|>", "<start_of_turn>", "</s>", "<s>", "[INST]", "[/INST]", "<<SYS>>"],
)
def test_control_tokens_are_broken(token):
    assert token not in defuse(f"before {token} after")


@pytest.mark.parametrize("text", ["Ratio <0.5 and a < b", "CTR 0.57 (<= 0.50)", "[M1] and [P3]", "5 < 6 > 4"])
def test_other_text_is_left_alone(text):
    assert defuse(text) == text
