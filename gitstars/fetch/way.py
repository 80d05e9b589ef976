"""The way to GitHub, watched by a circuit breaker: whether calls may go out, and probes that find
out whether GitHub answers at all.
"""

import logging
from collections.abc import Callable

import msgspec

from gitstars.clock import Clock, show_time
from gitstars.fetch import answers
from gitstars.fetch.answers import Outage, Outcome
from gitstars.fetch.breaker import Breaker
from gitstars.fetch.failures import PROXY_PASSWORD, CallFailed
from gitstars.fetch.headers import Answer, is_marked
from gitstars.fetch.transport import Request, Transport, find_redirect, keep_host

logger = logging.getLogger(__name__)

#: Costs nothing and needs no token; a server without rate limits answers 404 to it.
PROBE_PATH = "/rate_limit"


class WayToGitHub:
    """One state for the whole server. ``on_recovery`` is called when an outage is over."""

    def __init__(self, api_url: str, transport: Transport, clock: Clock) -> None:
        self.on_recovery: Callable[[], None] = lambda: None
        self._probe_request = Request(api_url + PROBE_PATH)
        self._transport = transport
        self._clock = clock
        self._breaker = Breaker()

    @property
    def outage(self) -> Outage | None:
        """The outage that goes on; its ``text`` is the reason in plain words."""
        return self._breaker.outage

    def check(self) -> Outage | None:
        """The outage that goes on, after a probe where one is due."""
        if self._breaker.begin_probe(self._clock.now()):
            self._probe()
        return self._breaker.outage

    def note(self, cause: str | None) -> Outage | None:
        """A call ended. ``cause`` says what suggests that the way is broken; None: GitHub
        answered. The outage that goes on, after a probe where one is due.
        """
        if cause is None:
            self._note_success()
        else:
            self._breaker.note_failure(self._clock.now())
        return self.check()

    def _note_success(self) -> None:
        outage = self._breaker.outage
        if self._breaker.note_success() and outage is not None:
            seconds = self._clock.now() - outage.since
            logger.info("GitHub answers again, after %.0f s (%s)", seconds, outage.text)
            self.on_recovery()

    def _probe(self) -> None:
        was_open = self._breaker.outage is not None
        cause = None
        try:
            answer = self._transport.send(self._probe_request, None)
            cause = explain_probe(answer, self._probe_request.url)
            if cause is None:
                self._note_success()
        except CallFailed as error:
            cause = error.cause
        finally:
            self._breaker.end_probe(cause, self._clock.now())
        outage = self._breaker.outage
        if outage is not None and not was_open:
            logger.warning(
                "GitHub has not answered since %s (%s); it is asked at most a minute apart",
                show_time(outage.since),
                outage.text,
            )


def explain_failure(answer: Answer, outcome: Outcome | None, url: str) -> str | None:
    """Why an answer suggests that the way to GitHub is broken; None: it does not."""
    if answer.status == 407:
        return PROXY_PASSWORD
    if not isinstance(outcome, answers.Transient | answers.Garbage):
        return None
    try:
        target = find_redirect(answer, url)
        is_renamed = target is not None and keep_host(url, target) is not None
    except ValueError:
        is_renamed = False
    return None if is_renamed else explain_foreign(answer, url)


def explain_foreign(answer: Answer, url: str) -> str:
    """What it is that answers in the place of GitHub, in plain words."""
    try:
        target = find_redirect(answer, url)
        if target is not None and keep_host(url, target) is None:
            return "something that is not GitHub answers (a redirect to another host)"
    except ValueError:
        return "something that is not GitHub answers (a redirect to what is no address)"
    if answer.status >= 500:
        return f"HTTP {answer.status}"
    if answer.body.lstrip()[:1] == b"<":
        return "something that is not GitHub answers (HTML)"
    if _decode(answer.body) is None:
        return "something that is not GitHub answers (no JSON)"
    return "something that is not GitHub answers (JSON of another shape)"


def explain_probe(answer: Answer, url: str) -> str | None:
    """Why the answer to a probe is not GitHub's; None: it is."""
    if answer.status == 407:
        return PROXY_PASSWORD
    told = _decode(answer.body) or {}
    if answer.status == 200 and isinstance(told.get("resources"), dict):
        return None
    if 400 <= answer.status < 500 and "message" in told and is_marked(answer):
        return None
    return explain_foreign(answer, url)


def _decode(body: bytes) -> dict[str, object] | None:
    """The JSON object in ``body``; empty for other JSON, None where it is no JSON."""
    try:
        told = msgspec.json.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    return told if isinstance(told, dict) else {}
