"""What the texts of tensorstore's errors mean. They carry no codes, so this is the one place that reads them.

A failure's message is the same for every chunk that failed for the same reason: users are told of it once.
"""

from __future__ import annotations

import re
from dataclasses import replace
from http import HTTPStatus

from lamella.sources.base import Failed, FailureKind, Missing
from lamella.sources.location import without_secrets

_HTTP_CODE = re.compile(r"\[(?:HTTP code |http_response_code=')(\d{3})'?\]")  # the http driver; s3 and gcs
_CURL = re.compile(r"CURL error (?P<what>[^:\[]+).*\[curl_code='(?P<code>\d+)'\]", re.DOTALL)
_STATUS = re.compile(r"\A([A-Z][A-Z_]+): (.*)\Z", re.DOTALL)
_WHERE = re.compile(
    r"Error (?:reading|opening) (?:shard entry \{[^}]*\}/\{[^}]*\} in |shard index in )?"
    r"(?:(?:local )?file \"[^\"]*\"|\S+): "
)
_CURL_TIMEOUT = 28
_KIND_OF_STATUS = {
    "PERMISSION_DENIED": FailureKind.DENIED,
    "UNAUTHENTICATED": FailureKind.DENIED,
    "UNAVAILABLE": FailureKind.CONNECTION,
    "DEADLINE_EXCEEDED": FailureKind.TIMEOUT,
    "DATA_LOSS": FailureKind.CORRUPT,
    "FAILED_PRECONDITION": FailureKind.CORRUPT,
    "INVALID_ARGUMENT": FailureKind.CORRUPT,
    "OUT_OF_RANGE": FailureKind.CORRUPT,
    "RESOURCE_EXHAUSTED": FailureKind.BUSY,
}


def classify(message: str) -> Missing | Failed:
    """The outcome that an error text of tensorstore stands for.

    Parameters
    ----------
    message : str
        Text of the exception: an absl status name and a colon, then what happened, with ``[HTTP code N]`` or
        ``[curl_code='N']`` where a server or the connection is to blame.

    Returns
    -------
    Missing or Failed
        404, 410 and ``NOT_FOUND`` are `Missing`. `Failed` carries one short sentence without the name of the chunk.
    """
    code = _HTTP_CODE.search(message)
    if code is not None:
        return from_http_code(int(code[1]))
    curl = _CURL.search(message)
    if curl is not None:
        if int(curl["code"]) == _CURL_TIMEOUT:
            return Failed(FailureKind.TIMEOUT, "the server did not answer in time")
        return Failed(FailureKind.CONNECTION, f"the connection failed: {curl['what'].strip()}")
    status = _STATUS.match(message)
    name, text = (status[1], status[2]) if status is not None else ("", message)
    if name == "NOT_FOUND":
        return Missing()
    if "was ignored by server" in text:
        return Failed(FailureKind.OTHER, "the server does not answer range requests, which sharded data need")
    if "credentials" in _what(text):
        return Failed(FailureKind.DENIED, "the credentials cannot be read")
    kind = _KIND_OF_STATUS.get(name, FailureKind.OTHER)
    if kind is FailureKind.CORRUPT:
        return Failed(kind, f"the stored data are damaged: {_what(text)}")
    if kind is FailureKind.TIMEOUT:
        return Failed(kind, "the server did not answer in time")
    return Failed(kind, _what(text) or "unknown error")


def from_http_code(code: int) -> Missing | Failed:
    """The outcome that the status code of an HTTP answer stands for."""
    if code in (404, 410):
        return Missing()
    if code in (401, 403):
        kind = FailureKind.DENIED
    elif code == 429:
        kind = FailureKind.THROTTLED
    elif code == 408 or code >= 500:
        kind = FailureKind.BUSY
    elif code == 416:  # a shard shorter than its own index
        kind = FailureKind.CORRUPT
    else:
        kind = FailureKind.OTHER
    try:
        phrase = f"{code} {HTTPStatus(code).phrase}"
    except ValueError:
        phrase = str(code)
    if 300 <= code < 400:
        return Failed(kind, f"the server redirects ({phrase}): use the address that it redirects to")
    return Failed(kind, f"the server answered {phrase}")


def is_forbidden(outcome: Missing | Failed) -> bool:
    """Whether a server refused for good (403), which object stores also say of keys that do not exist."""
    wants = isinstance(outcome, Failed) and ("401" in outcome.message or "credentials" in outcome.message)
    return isinstance(outcome, Failed) and outcome.kind is FailureKind.DENIED and not wants


def with_advice(failure: Failed, host: str, advice: str) -> Failed:
    """A refusal, together with who refuses and how to give credentials; any other failure as it is."""
    if failure.kind is not FailureKind.DENIED or not advice:
        return failure
    return replace(failure, message=f"{host} refused access, {failure.message}: {advice}")


def _what(text: str) -> str:
    """What happened, without where: no names of chunks and no numbers that differ from chunk to chunk."""
    while (where := _WHERE.search(text)) is not None:
        text = text[where.end() :]
    if text.startswith("Requested byte range"):
        return "a shard is cut off"
    return re.split(r"[;,:\[]", " ".join(without_secrets(text).split()), maxsplit=1)[0].strip()[:200]
