import pytest

from chatcad.llm.text_stream import TextStream


def run(pieces, stops=()):
    stream = TextStream("".join, stops)
    shown = []
    for piece in pieces:
        shown.append(stream.push(piece))
        if stream.stopped:
            break
    return [*shown, stream.flush()], stream.stopped


def test_without_stops_everything_is_shown_at_once():
    assert run(["The ", "heart"]) == (["The ", "heart", ""], False)


@pytest.mark.parametrize("pieces", [["One.\nTwo"], ["One.", "\n", "Two"], ["One.", "\nTwo"]])
def test_a_stop_string_ends_the_text(pieces):
    shown, stopped = run(pieces, ["\n"])
    assert "".join(shown) == "One."
    assert stopped


def test_a_stop_string_in_pieces_is_never_shown():
    shown, stopped = run(["Clear", " EN", "D", " more"], [" END"])
    assert shown == ["Clear", "", "", ""]
    assert stopped


def test_what_only_began_like_a_stop_string_is_shown_in_the_end():
    assert "".join(run(["a <", "b"], ["<|x|>"])[0]) == "a <b"
    assert "".join(run(["a <"], ["<|x|>"])[0]) == "a <"


def test_the_first_of_two_stops_wins():
    assert "".join(run(["one; two. three"], [".", ";"])[0]) == "one"


def test_white_space_before_the_text_is_dropped_and_is_no_stop():
    assert "".join(run(["\n", " The", " heart\n", "x"], ["\n"])[0]) == "The heart"


def test_half_a_character_waits_for_its_other_half():
    data = "≤ 0.5".encode()
    stream = TextStream(lambda parts: b"".join(parts).decode("utf-8", "replace"))
    shown = [stream.push(bytes([byte])) for byte in data]
    assert shown[:3] == ["", "", "≤"]
    assert "".join(shown) + stream.flush() == "≤ 0.5"


def test_a_character_that_stays_half_is_dropped():
    stream = TextStream(lambda parts: b"".join(parts).decode("utf-8", "replace"))
    assert stream.push(b"ok \xe2") + stream.flush() == "ok "
