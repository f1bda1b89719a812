"""A chat model on this machine: messages in, streamed text out, whichever network and tokenizer it is given.

It knows chat templates and LangChain. Which network it is, and where it came from, is the backend modules' business.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.messages import AIMessageChunk, BaseMessage, convert_to_openai_messages
from langchain_core.messages.ai import InputTokenDetails, UsageMetadata
from langchain_core.outputs import ChatGenerationChunk
from pydantic import PrivateAttr

from chatcad.errors import BackendFailed
from chatcad.llm import memory
from chatcad.llm.decoding import Decoder, Tally, loops
from chatcad.llm.streaming import StreamingChatModel
from chatcad.llm.text_stream import TextStream


class LocalChatModel(StreamingChatModel):
    """Greedy chat over a Hugging Face causal network.

    Parameters
    ----------
    model_name
        For run records.
    max_tokens
        Written tokens at most, where a call doesn't say.
    window
        Tokens that prompt and answer may have together.
    """

    model_name: str
    window: int = 8192
    _tokenizer: Any = PrivateAttr()
    _decoder: Decoder = PrivateAttr()
    _ends: frozenset[int] = PrivateAttr()

    def __init__(self, network: Any, tokenizer: Any, **fields: Any) -> None:
        window = getattr(network.config.get_text_config(), "max_position_embeddings", None)
        super().__init__(**({"window": window} if window else {}), **fields)
        self._tokenizer, self._decoder = tokenizer, Decoder(network)
        self._ends = _end_tokens(network, tokenizer)

    @property
    def _llm_type(self) -> str:
        return "chatcad-local"

    @property
    def machine(self) -> dict[str, str | int]:
        """Device, number format, quantisation, bytes of the weights and bytes that are free now, for run records."""
        return memory.report(self._decoder.network)

    def count_tokens(self, text: str) -> int:
        """Return how many tokens a text has for this model."""
        return len(self._tokenizer(text, add_special_tokens=False)["input_ids"])

    def encode(self, messages: Sequence[BaseMessage]) -> list[int]:
        """Return the prompt's token ids; control tokens inside a message's text are encoded as plain text.

        Raises
        ------
        BackendFailed
            The model's template refuses these messages.
        """
        from jinja2 import TemplateError

        try:
            tokens = self._tokenizer.apply_chat_template(
                convert_to_openai_messages(list(messages)),
                add_generation_prompt=True,
                return_dict=False,
                sanitize_control_tokens=True,
                enable_thinking=False,  # templates that know no such switch ignore it
            )
        except TemplateError as error:
            raise BackendFailed(f"{self.model_name}'s chat template refused the prompt: {error}") from error
        return list(tokens)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        *,
        max_tokens: int | None = None,
        deadline: float = float("inf"),
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        prompt, limit = self.encode(messages), max_tokens or self.max_tokens
        if len(prompt) + limit > self.window:
            raise BackendFailed(
                f"the prompt's {len(prompt)} tokens and {limit} for the answer exceed the {self.window} that"
                f" {self.model_name} can hold: lower CHATCAD_CONTEXT_TOKENS"
            )
        text: TextStream[int] = TextStream(self._decode, stop or ())
        tally, written, ending = Tally(), list[int](), ""
        with closing(self._decoder.tokens(prompt, tally, deadline)) as tokens:
            for token in tokens:
                written.append(token)
                if token in self._ends:
                    ending = "stop"
                    break
                if piece := text.push(token):
                    yield _chunk(piece)
                if ending := self._ending(text, written, limit):
                    break
        yield _last_chunk(text.flush(), ending or "deadline", len(written), tally, self.model_name)

    @staticmethod
    def _ending(text: TextStream[int], written: list[int], limit: int) -> str:
        if text.stopped:
            return "stop"
        if len(written) >= limit:
            return "length"
        return "repetition" if loops(written) else ""

    def _decode(self, tokens: list[int]) -> str:
        return str(self._tokenizer.decode(tokens, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _end_tokens(network: Any, tokenizer: Any) -> frozenset[int]:
    """Return every token that ends a turn: models disagree on where they name theirs."""
    named = [tokenizer.eos_token_id, network.config.eos_token_id]
    if network.generation_config is not None:
        named.append(network.generation_config.eos_token_id)
    flat = (i for one in named for i in (one if isinstance(one, list | tuple) else [one]))
    return frozenset(int(i) for i in flat if i is not None)


def _chunk(text: str) -> ChatGenerationChunk:
    return ChatGenerationChunk(message=AIMessageChunk(content=text))


def _last_chunk(text: str, ending: str, written: int, tally: Tally, model_name: str) -> ChatGenerationChunk:
    usage = UsageMetadata(
        input_tokens=tally.prompt,
        output_tokens=written,
        total_tokens=tally.prompt + written,
        input_token_details=InputTokenDetails(cache_read=tally.remembered),
    )
    message = AIMessageChunk(content=text, usage_metadata=usage, chunk_position="last")
    facts = {"finish_reason": ending, "model_name": model_name, "passes": tally.passes}
    return ChatGenerationChunk(message=message, generation_info=facts)
