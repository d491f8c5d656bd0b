"""A custodian that runs as a process of its own, as the release desk sees it: behind a socket, and perhaps not there."""

import base64
import os
import socket
import time
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from keys import BadSeal, Identity, PublicIdentity, Secret
from keys.sealing import SealHeader
from service.custody.asked import Order
from service.custody.protocol import (
    MAX_LINE,
    call_line,
    order_text,
    read_answer,
    read_call,
    sha256,
    sign_call,
    unwrap_answer,
)
from service.custody.shapes import NONCE_BYTES, AnswerBody, CallBody, Ended, Method, StatusBody
from service.errors import BadCall, CustodianRefused, CustodianUnavailable

PATIENCE: Final = 30.0
PIECE: Final = 1 << 16


class RemoteCustody:
    """The custodian behind the socket. Each opening is a call and a connection of its own, so that nothing is lost when one breaks.

    `custodian` is who must answer; `patience` is how many seconds a call may take.
    """

    def __init__(
        self,
        path: Path,
        *,
        identity: Identity,
        custodian: PublicIdentity,
        clock: Callable[[], datetime],
        randomness: Callable[[int], bytes] = os.urandom,
        patience: float = PATIENCE,
    ) -> None:
        self._path, self._identity, self._custodian = path, identity, custodian
        self._clock, self._randomness, self._patience = clock, randomness, patience

    def open_column(self, order: Order, *, key_id: str, wrapped: bytes) -> bytes:
        """The column's key; see `service.custody.asked.Custody`."""
        coded = base64.b64encode(wrapped).decode()
        return self._open(Method.OPEN_COLUMN, order, key=key_id, wrapped=coded).expose()

    def open_spine(self, order: Order, *, header: SealHeader) -> Secret:
        """The key of the spine's body; see `service.custody.asked.Custody`."""
        return self._open(Method.OPEN_SPINE, order, header=header.text.decode())

    def status(self) -> StatusBody:
        """How much of its limits the custodian has used.

        Raises:
            CustodianRefused, CustodianUnavailable: as for `open_column`.
        """
        _, answer = self._call(Method.STATUS, None)
        if answer.status is None:
            raise self._unavailable("it answered something else")
        return answer.status

    def close(self) -> None:
        """Nothing is held open between two calls."""

    def _open(self, method: Method, order: Order, **what: str) -> Secret:
        call, answer = self._call(method, order_text(order), **what)
        try:
            return unwrap_answer(answer.key, by=self._identity, call=call)
        except (BadSeal, BadCall) as fault:
            raise self._unavailable("the key in its answer does not open") from fault

    def _call(self, method: Method, order: str | None, **what: str) -> tuple[str, AnswerBody]:
        """The digest of the call, and the answer to it."""
        line, digest = self._line(method, order, what)
        try:
            answer = read_answer(
                self._exchange(line), custodian=self._custodian, call=digest, desk=self._identity.name
            )
        except (OSError, BadCall) as fault:
            raise self._unavailable(str(fault)) from fault
        if answer.outcome is Ended.REFUSED:
            raise CustodianRefused(answer.says, reasons=answer.reasons)
        return digest, answer

    def _line(self, method: Method, order: str | None, what: Mapping[str, str]) -> tuple[bytes, str]:
        """A call and its digest, if it is one that any custodian reads: the names and wrapped keys in a file are whatever its sender wrote there."""
        try:
            body = CallBody(
                at=self._clock(), custodian=self._custodian.name, desk=self._identity.name, method=method,
                nonce=self._randomness(NONCE_BYTES).hex(), order="" if order is None else sha256(order), **what,
            )  # fmt: skip
            line = call_line(sign_call(body, by=self._identity), order=order)
            return line, read_call(line).digest
        except (ValidationError, BadCall) as fault:
            raise CustodianRefused(
                "no custodian can be asked for this: the key's name or the wrapped key is none, or the documents are too large",
                reasons=("unreadable",),
            ) from fault

    def _exchange(self, line: bytes) -> bytes:
        """One line there and one back, within the time a call may take.

        Raises:
            OSError: nobody answers, or the connection breaks or takes too long.
            BadCall: what comes back is no line.
        """
        until = time.monotonic() + self._patience
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as wire:
            wire.settimeout(self._patience)
            wire.connect(str(self._path))
            wire.sendall(line)
            got = bytearray()
            while not got.endswith(b"\n"):
                wire.settimeout(max(until - time.monotonic(), 0.001))
                piece = wire.recv(PIECE)
                got += piece
                if not piece or len(got) > MAX_LINE:
                    raise BadCall("the connection broke off before its answer")
        return bytes(got)

    def _unavailable(self, why: str) -> CustodianUnavailable:
        return CustodianUnavailable(
            f"{self._custodian.name} does not answer at {self._path.name} ({why}): nothing is used up; see that it runs, then try again"
        )
