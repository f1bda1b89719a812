"""Facts, passages and earlier turns become the messages that a language model gets."""

from chatcad.prompting.assemble import Prompt, assemble

__all__ = ["Prompt", "assemble"]
