"""``python -m chatcad.llm.tuning``: make the embedded model's adapter again, or tune another model with the same data.

The embedded model, on one core, in half an hour (state and log in the cache or ``--work``; the same command resumes)::

    taskset -c 0 python -m chatcad.llm.tuning --minutes 35

A larger model on a GPU, with the same examples. The merged folder is used by the ``transformers`` backend, or served by
vLLM or TGI for the ``openai`` backend::

    python -m chatcad.llm.tuning --model HuggingFaceTB/SmolLM2-1.7B-Instruct --rank 16 --rate 2e-4 --merged tuned
    CHATCAD_BACKEND=transformers CHATCAD_MODEL=tuned python app.py

A card with 8 GB holds up to about 2B parameters in bf16, 24 GB up to 8B. ``HF_HUB_OFFLINE=0`` lets a hub id be fetched.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from chatcad.config import load_settings
from chatcad.errors import ChatCADError
from chatcad.llm import adapter, device, embedded
from chatcad.llm.tuning import lora
from chatcad.llm.tuning.train import RATE, Plan, train


def main(argv: list[str] | None = None) -> int:
    """Train, write the adapter or a merged model, and return the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        run(arguments)
    except ChatCADError as error:
        print(f"chatcad: {error}", file=sys.stderr)
        return error.exit_code
    return 0


def run(arguments: argparse.Namespace) -> None:
    """Train on the chosen model.

    Raises
    ------
    ModelMissing
        The embedded model can't be prepared.
    """
    settings = replace(load_settings(), backend="embedded", model=embedded.UNTUNED)
    device.use_threads(settings)
    base = arguments.model or str(embedded.prepare(settings))
    tuned, tokenizer = lora.open_for_training(base, arguments.rank, arguments.alpha or 2 * arguments.rank)
    work = arguments.work or settings.cache / "tuning" / Path(base).name
    work.mkdir(parents=True, exist_ok=True)
    done = train(tuned, tokenizer, Plan(arguments.minutes, arguments.seed, work, arguments.rate))
    if arguments.merged:
        tuned.wrapped.merge_and_unload().save_pretrained(arguments.merged)
        tokenizer.save_pretrained(arguments.merged)
        print(f"written: {arguments.merged}")
        return
    card = _card(arguments, done)
    written = adapter.write(embedded.ADAPTER, tuned.tensors(), card, arguments.out)
    print(f"written: {arguments.out / written.file} (sha256 {written.sha256[:12]}…)")


def _card(arguments: argparse.Namespace, done: dict[str, Any]) -> dict[str, Any]:
    recipe = {
        "data": "chatcad.llm.tuning: simulated films, passages of knowledge/, frames of prompts/phrases.yaml",
        "seed": arguments.seed,
        "rate": arguments.rate,
        "date": datetime.now(UTC).date().isoformat(),
        **done,
    }
    return {
        "base": arguments.model or embedded.NAME,
        "base_sha256": "" if arguments.model else embedded.SHA256,
        "rank": arguments.rank,
        "alpha": arguments.alpha or 2 * arguments.rank,
        "recipe": recipe,
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m chatcad.llm.tuning", description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=35.0, help="of training (default: 35)")
    parser.add_argument("--model", default="", help="folder or hub id (default: the embedded model)")
    parser.add_argument("--merged", type=Path, metavar="DIR", help="write a whole tuned model there, not an adapter")
    parser.add_argument("--rank", type=int, default=lora.RANK, help=f"of the factors (default: {lora.RANK})")
    parser.add_argument("--alpha", type=float, help="their weight (default: twice the rank)")
    parser.add_argument("--rate", type=float, default=RATE, help=f"highest learning rate (default: {RATE})")
    parser.add_argument("--seed", type=int, default=1, help="of the examples (default: 1)")
    parser.add_argument("--work", type=Path, metavar="DIR", help="state and log (default: in the cache)")
    parser.add_argument("--out", type=Path, default=adapter.ADAPTERS, metavar="DIR", help="where the adapter goes")
    return parser


if __name__ == "__main__":
    raise SystemExit(main())
