"""OAuth's device flow (RFC 8628, as GitHub documents it): a person enters a short code on GitHub's
page, and GitHub gives a token for it. Nothing is remembered between the calls.
"""

from typing import NoReturn
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from gitstars.clock import Clock
from gitstars.config import GithubConfig
from gitstars.errors import GitHubAway, NotNow, TokenUnusable
from gitstars.fetch.decode import Amount, Decoded, Text, Undecodable, decode_as
from gitstars.fetch.failures import CallFailed
from gitstars.fetch.transport import FORM_MEDIA, PLAIN_JSON_MEDIA, Request, Transport
from gitstars.model import DeviceCode, LoginPending
from gitstars.naming import web_root

CODE_PATH = "/login/device/code"
TOKEN_PATH = "/login/oauth/access_token"
GRANT_TYPE = "urn:ietf:params:oauth:grant-type:device_code"
#: What a token needs to list the stargazers of public repositories, and of private ones too.
PUBLIC_SCOPE, PRIVATE_SCOPE = "public_repo", "repo"
#: How much longer the pause between two questions gets when GitHub says that they come too fast
#: (seconds; GitHub's documentation and RFC 8628, 3.5).
SLOWER_SECONDS = 5
#: Who has to act, and how, by GitHub's word for the refusal.
DENIED = {
    "access_denied": "the sign-in was denied on GitHub's page; begin it again to try once more",
    "expired_token": "the code was not entered in time; begin the sign-in again",
    "incorrect_device_code": "GitHub does not know this sign-in any more; begin it again",
}
MISCONFIGURED = {
    "device_flow_disabled": (
        "the device flow is off for the OAuth application that github.client_id names; turn it on "
        "in the application's settings on GitHub"
    ),
    "incorrect_client_credentials": (
        "GitHub knows no OAuth application with the id in github.client_id; compare it with the "
        "application's settings on GitHub"
    ),
}
NOT_CONFIGURED = (
    "github.client_id is not set, so that nobody can sign in through GitHub's page; it is the id "
    "of an OAuth application with the device flow on. `gitstars accounts add` takes a token instead"
)


class _Refusal(Struct):
    """What is read first: GitHub refuses with HTTP 200 too."""

    error: str = ""


class _Code(Struct):
    device_code: Text
    user_code: Text
    verification_uri: Text
    expires_in: Amount
    interval: Amount = 5


class _Grant(Struct):
    access_token: Text


_REFUSAL = msgspec.json.Decoder(_Refusal)
_CODE = msgspec.json.Decoder(_Code)
_GRANT = msgspec.json.Decoder(_Grant)


class DeviceFlow:
    """``is_private``: the token is to reach private repositories too."""

    def __init__(self, config: GithubConfig, clock: Clock, is_private: bool) -> None:
        self._config = config
        self._clock = clock
        self._scope = PRIVATE_SCOPE if is_private else PUBLIC_SCOPE

    @property
    def is_configured(self) -> bool:
        """Whether an application is named, without which nobody can sign in so."""
        return bool(self._config.client_id)

    def begin(self) -> DeviceCode:
        """A code for a person to enter. Raises NotNow and GitHubAway."""
        body, refusal = self._post(CODE_PATH, {"scope": self._scope})
        if refusal.error:
            _refuse(refusal.error)
        code = _decode(_CODE, body)
        return DeviceCode(
            code.device_code,
            code.user_code,
            code.verification_uri,
            code.expires_in,
            code.interval,
        )

    def finish(self, device_code: str) -> str | LoginPending:
        """The token, or that the person has not finished. Raises TokenUnusable where that person
        said no or was too late, NotNow, and GitHubAway.
        """
        asked = {"device_code": device_code, "grant_type": GRANT_TYPE}
        body, refusal = self._post(TOKEN_PATH, asked)
        if refusal.error == "authorization_pending":
            return LoginPending(0)
        if refusal.error == "slow_down":
            return LoginPending(SLOWER_SECONDS)
        if refusal.error:
            _refuse(refusal.error)
        return _decode(_GRANT, body).access_token

    def _post(self, path: str, form: dict[str, str]) -> tuple[bytes, _Refusal]:
        if not self._config.client_id:
            raise NotNow(NOT_CONFIGURED)
        form = {"client_id": self._config.client_id, **form}
        url = web_root(self._config.api_url) + path
        request = Request(url, PLAIN_JSON_MEDIA, urlencode(form).encode(), content=FORM_MEDIA)
        transport = Transport(self._config, self._clock)
        try:
            answer = transport.send(request, None)
        except CallFailed as error:
            raise GitHubAway(f"GitHub could not be asked: {error}") from error
        finally:
            transport.close()
        if answer.status == 404:
            raise NotNow(MISCONFIGURED["incorrect_client_credentials"])
        if answer.status == 429 or answer.status >= 500:
            raise GitHubAway(f"GitHub's sign-in answers HTTP {answer.status}; try again later")
        return answer.body, _decode(_REFUSAL, answer.body)


def _decode(decoder: "msgspec.json.Decoder[Decoded]", body: bytes) -> Decoded:
    try:
        return decode_as(decoder, body)
    except Undecodable as error:
        raise GitHubAway("GitHub's sign-in answered something else; try again later") from error


def _refuse(word: str) -> NoReturn:
    if word in DENIED:
        raise TokenUnusable(DENIED[word])
    if word in MISCONFIGURED:
        raise NotNow(MISCONFIGURED[word])
    raise GitHubAway(f"GitHub's sign-in refuses ({word[:40]}); try again later")
