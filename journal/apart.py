"""A format of a large extract, written by a process of its own: reading a million visits and writing them take as long
as each other, and a gateway has two cores.

    this process: visits → batches on a pipe ──▶ python -m journal.apart FORM ──▶ visits.csv

The first visits wait in memory: an extract of a day is written here and needs nobody. What the disk refuses over there
is an OSError here; a pipe that ends without its last word leaves a file that nobody takes for whole, since the folder
is renamed only at the end. Must not know: formats.
"""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from typing import BinaryIO, Self

import msgspec

from journal.visit import Visit
from journal.writers import Form, opened

MANY = 20_000
"""Fewer are written where they are read."""
_BATCH = 512
_LENGTH_BYTES = 4
_LAST = bytes(_LENGTH_BYTES)
"""A batch without visits: all have been told."""
_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(list[Visit]).decode


class Apart:
    """A ``Writer`` that hands over once there are many; as a context it leaves no process behind.

    Args:
        many: so many visits are kept before a process is started for them.
    """

    def __init__(self, form: Form, many: int = MANY) -> None:
        self._form, self._many = form, many
        self._waiting: list[Visit] = []
        self._stack = ExitStack()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def add(self, visit: Visit) -> None:
        """
        Raises:
            OSError: the disk refuses.
        """
        self._waiting.append(visit)
        if len(self._waiting) >= (_BATCH if self._process else self._many):
            self._hand_over()

    def close(self) -> None:
        """The file is whole now.

        Raises:
            OSError: the disk refuses.
        """
        if self._process is None:
            with opened(self._form) as writer:
                for visit in self._waiting:
                    writer.add(visit)
                writer.close()
            return
        self._hand_over()
        self._send(_LAST)
        self._judge(self._process)

    def _hand_over(self) -> None:
        if self._process is None:
            command = [sys.executable, "-Pm", "journal.apart", msgspec.json.encode(self._form).decode()]
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE)
            self._stack.callback(_end, self._process)
        for at in range(0, len(self._waiting), _BATCH):
            batch = _encode(self._waiting[at : at + _BATCH])
            self._send(len(batch).to_bytes(_LENGTH_BYTES, "big") + batch)
        self._waiting.clear()

    def _send(self, piece: bytes) -> None:
        process = self._process
        assert process is not None
        assert process.stdin is not None
        try:
            process.stdin.write(piece)
            process.stdin.flush()
        except BrokenPipeError:
            self._judge(process)
            raise

    def _judge(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        process.stdin.close()
        code = process.wait()
        if code:
            # It ends with the number of what the disk refused; by a signal, or a fault of ours, it is an error of input
            # and output all the same.
            number = code if code in errno.errorcode else errno.EIO
            raise OSError(number, os.strerror(number))


def _end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    assert process.stdin is not None
    with suppress(BrokenPipeError):  # what was still to be told is of no use to the dead
        process.stdin.close()
    process.wait()


def told(pipe: BinaryIO) -> Iterator[list[Visit]]:
    """The batches on the pipe, up to the last word.

    Raises:
        EOFError: it ended without.
    """
    while (length := pipe.read(_LENGTH_BYTES)) != _LAST:
        batch = pipe.read(int.from_bytes(length, "big"))
        if len(length) < _LENGTH_BYTES or len(batch) < int.from_bytes(length, "big"):
            raise EOFError
        yield _decode(batch)


def main() -> int:
    form = msgspec.json.decode(sys.argv[1], type=Form)
    try:
        with opened(form) as writer:
            for batch in told(sys.stdin.buffer):
                for visit in batch:
                    writer.add(visit)
            writer.close()
    except OSError as error:
        return error.errno or errno.EIO
    except EOFError:
        return errno.EPIPE
    return 0


if __name__ == "__main__":
    sys.exit(main())
