"""Facts, passages and earlier turns become the messages that a language model gets."""

from chatcad.prompting.assemble import Prompt, assemble, by_characters

__all__ = ["Prompt", "assemble", "by_characters"]
