"""The window at which a custodian is called: who calls, and when, is checked here before anything of the order counts."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from keys import Identity, PublicIdentity, Root, TrustRegister
from keys.trust import read_register
from linkage.manifest import Round
from service.custody.asked import FAULTS, Order, codes_of
from service.custody.custodian import SLACK, Custodian
from service.custody.protocol import UNREADABLE, Call, answer_line, read_call, wrap_answer
from service.custody.shapes import AnswerBody, Ended, StatusBody
from service.errors import BadCall, CustodianRefused, RolledBack


@dataclass(frozen=True, slots=True)
class Window:
    """Where one custodian is called. `own` is the custodian's own copy of the trust register: an older one serves no caller."""

    custodian: Custodian
    identity: Identity
    root: Root
    one: Round
    own: TrustRegister
    clock: Callable[[], datetime]

    def answer(self, line: bytes) -> bytes:
        """The answer to a line: a key wrapped to the desk that called, how much of the limits is used, a refusal, or that it cannot be read.

        Checks, in this order: that it is a call; that its trust register is signed by the root, of this project and not older than one seen; that
        a desk of the register signed it; that it is for this custodian; its time; its nonce. Then the custodian makes its own checks.
        """
        try:
            call = read_call(line)
        except BadCall as fault:
            self.custodian.turn_away(fault)
            return UNREADABLE
        try:
            desk = self._admit(call)
        except FAULTS as fault:
            self.custodian.turn_away(fault)
            return self._refuse(call, fault)
        if call.order is None:
            return self._say(call, Ended.STATUS, status=self._status())
        try:
            key = self._open(call, call.order)
        except CustodianRefused as fault:
            return self._refuse(call, fault)
        return self._say(call, Ended.OPENED, key=wrap_answer(key, to=desk, call=call.digest))

    def _admit(self, call: Call) -> PublicIdentity:
        """The desk that calls, if the call is to be answered."""
        body, now = call.body, self.clock()
        trust = self.own if call.order is None else self._register(call.order)
        desk = trust.require(body.desk, role="desk", at=now)
        call.verify(desk)
        if body.custodian != self.identity.name:
            raise _no("other-custodian", f"this is {self.identity.name}, and the call is for {body.custodian}")
        if abs(now - body.at) > SLACK:
            raise _no(
                "stale",
                f"the call was made at {body.at.isoformat(timespec='seconds')}, and here it is {now.isoformat(timespec='seconds')}: "
                "check both clocks, then call again",
            )
        if not self.custodian.state.hear(body.nonce, at=body.at, now=now):
            raise _no("replayed", "this call was heard before: make a new one")
        return desk

    def _register(self, order: Order) -> TrustRegister:
        trust = read_register(order.dossier.trust, root=self.root)
        if trust.project != self.one.project:
            raise _no(
                "other-project", f"the trust register is of project {trust.project}, not of {self.one.project}"
            )
        if trust.version < self.own.version or self.custodian.state.older({"trust": trust.version}):
            raise RolledBack("the trust register is older than one that was seen before")
        return trust

    def _open(self, call: Call, order: Order) -> bytes:
        if call.header is not None:
            return self.custodian.open_spine(order, header=call.header).expose()
        return self.custodian.open_column(order, key_id=call.body.key, wrapped=call.wrapped)

    def _status(self) -> StatusBody:
        tally = self.custodian.tally()
        return StatusBody(
            openings_within_an_hour=tally.openings,
            openings_an_hour=tally.limits.openings_an_hour,
            requests_within_a_day=tally.requests,
            requests_a_day=tally.limits.requests_a_day,
        )

    def _refuse(self, call: Call, fault: Exception) -> bytes:
        return self._say(call, Ended.REFUSED, reasons=codes_of(fault), says=str(fault))

    def _say(self, call: Call, outcome: Ended, **more: Any) -> bytes:
        body = AnswerBody(
            at=self.clock(), call=call.digest, custodian=self.identity.name, desk=call.body.desk, outcome=outcome, **more
        )  # fmt: skip
        return answer_line(body, by=self.identity)


def _no(code: str, message: str) -> CustodianRefused:
    return CustodianRefused(message, reasons=(code,))
