import pytest

from chatcad.llm.control_tokens import defuse


@pytest.mark.parametrize(
    "token",
    ["<|im_start|>", "<|im_end|>", "<|eot_id|>", "<start_of_turn>", "</s>", "<s>", "[INST]", "[/INST]", "<<SYS>>"],
)
def test_control_tokens_are_broken(token):
    assert token not in defuse(f"before {token} after")


@pytest.mark.parametrize("text", ["Ratio <0.5 and a < b", "CTR 0.57 (<= 0.50)", "[M1] and [P3]", "5 < 6 > 4"])
def test_other_text_is_left_alone(text):
    assert defuse(text) == text
