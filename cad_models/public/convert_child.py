"""The child process of ``fetch``: reads one pickled weight file and writes its tensors as safetensors.

A script of its own that imports nothing of this project: ``convert_child.py state|model SOURCE TARGET``. It may not
start programs, open connections or write files, and it makes tensors and nothing else: ``state`` goes through torch's
own restricted loader; ``model``, a whole pickled network, has every class of it replaced by an inert stand-in, because
torch's restricted loader refuses the networks that torch before 1.6 pickled together with their source. What it
refuses it says on standard error in one line.
"""

from __future__ import annotations

import pickle
import re
import sys
import types
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import torch
from safetensors.torch import save

MEMORY_BYTES = 16 * 2**30
CPU_SECONDS = 300
FORBIDDEN = re.compile(
    r"os\.(system|exec|fork|forkpty|spawn|posix_spawn|remove|rename|rmdir|mkdir|link|symlink|truncate|chmod|chown|kill)"
    r"|subprocess\.|socket\.|shutil\.|ctypes\.|urllib\.|ftplib\.|smtplib\.|webbrowser\.|tempfile\."
)
DAMAGES = (pickle.UnpicklingError, RuntimeError, ValueError, EOFError, TypeError, AttributeError, LookupError)
WRITES = re.compile(r"[wax+]")

INERT = ("torch.", "torchvision.", "torchxrayvision.", "numpy.")
MADE = {
    ("collections", "OrderedDict"): OrderedDict,
    ("torch._utils", "_rebuild_tensor"): torch._utils._rebuild_tensor,
    ("torch._utils", "_rebuild_tensor_v2"): torch._utils._rebuild_tensor_v2,
    ("torch._utils", "_rebuild_parameter"): torch._utils._rebuild_parameter,
    ("torch", "Size"): torch.Size,
    ("builtins", "set"): set,
    ("__builtin__", "set"): set,
}


class Part:
    """Stands for a network's module, or anything else that isn't a tensor: it keeps its state and does nothing."""

    dump_patches = False

    def __init__(self, *_: object, **__: object) -> None:
        self.state: dict[str, Any] = {}

    def __setstate__(self, state: object) -> None:
        self.state = state if isinstance(state, dict) else {}

    def tensors(self, prefix: str = "") -> Iterator[tuple[str, torch.Tensor]]:
        """Yield the tensors of a module and its parts under the names that ``state_dict`` gives them."""
        for kind in ("_parameters", "_buffers"):
            for name, value in self.state.get(kind, {}).items():
                if isinstance(value, torch.Tensor):
                    yield prefix + name, value.detach()
        for name, part in self.state.get("_modules", {}).items():
            if isinstance(part, Part):
                yield from part.tensors(f"{prefix}{name}.")


class RestrictedUnpickler(pickle.Unpickler):
    """Makes tensors and stand-ins; any other name in the file ends the conversion."""

    def find_class(self, module: str, name: str) -> Any:
        """Return what a name in the file stands for."""
        if (module, name) in MADE:
            return MADE[module, name]
        if f"{module}.".startswith(INERT):
            return type(name, (Part,), {})
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def load(stream: Any, **options: Any) -> Any:
    """Do ``pickle.load``, restricted; torch asks for it by this name."""
    return RestrictedUnpickler(stream, **options).load()


def forbid(event: str, arguments: tuple[Any, ...]) -> None:
    """Refuse what a reader of tensors has no need of: defence in depth behind the unpickler."""
    writes = event == "open" and isinstance(arguments[1], str) and WRITES.search(arguments[1])
    if FORBIDDEN.match(event) or writes:
        refuse(f"it tried {event}")


def refuse(reason: str) -> NoReturn:
    """End with one line on standard error."""
    print(reason, file=sys.stderr, flush=True)
    raise SystemExit(1)


def tensors_of(form: str, source: Path) -> dict[str, torch.Tensor]:
    """Return the named tensors of a file."""
    if form == "state":
        state = torch.load(source, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state) if isinstance(state, dict) else {}
        return {str(k): v for k, v in state.items() if isinstance(v, torch.Tensor)}
    restricted = types.SimpleNamespace(Unpickler=RestrictedUnpickler, load=load, __name__="restricted")
    # Every class and function of the file goes through RestrictedUnpickler: weights_only would refuse module sources.
    network = torch.load(source, map_location="cpu", weights_only=False, pickle_module=restricted)
    return dict(network.tensors()) if isinstance(network, Part) else {}


def is_script(source: Path) -> bool:
    """Return whether a file is compiled TorchScript, which torch would load past the unpickler."""
    return zipfile.is_zipfile(source) and any(n.endswith("constants.pkl") for n in zipfile.ZipFile(source).namelist())


def limit_resources() -> None:
    """Bound memory and time where the system can."""
    try:
        import resource
    except ImportError:  # not on Windows; the parent's time limit holds there
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Convert one file."""
    form, source, target = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
    warnings.filterwarnings("ignore")
    limit_resources()
    with source.open("rb") as stream, target.open("wb") as out:
        # torch would also take tar archives and compiled TorchScript, which nobody publishes here.
        if stream.read(2) not in {b"PK", b"\x80\x02"} or is_script(source):
            refuse("it is no torch weight file")
        sys.addaudithook(forbid)
        try:
            tensors = tensors_of(form, source)
        except DAMAGES as error:
            refuse(str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__)
        if not tensors:
            refuse("there is no tensor in it")
        out.write(save({name: value.contiguous().clone() for name, value in tensors.items()}))


if __name__ == "__main__":
    main()
