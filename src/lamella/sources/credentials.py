"""How credentials are given, for the message that they are missing or refused."""

from __future__ import annotations

import os
from urllib.parse import urlsplit

from lamella.sources.location import Location

_AWS = ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE")
_GOOGLE = "GOOGLE_APPLICATION_CREDENTIALS"


def advice(location: Location) -> str:
    """What to do about a server that refuses access, in words without secrets.

    It names what tensorstore takes: user, password and query of an HTTP URL are sent as they are; the rest is read from
    the environment when a store is opened.
    """
    match location.scheme:
        case "http" | "https":
            parts = urlsplit(location.base)
            if parts.username is not None:
                return "it did not accept the user and password in the URL"
            if location.query:
                return "it did not accept what the query of the URL says"
            where = parts.netloc
            return (
                f"give user and password in the URL ({location.scheme}://user:password@{where}/…), or a token in its "
                "query if the server takes one"
            )
        case "s3":
            if has_aws_credentials():
                return f"check the credentials in {' and '.join(_aws_in_use())}"
            return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, and start lamella again"
        case "gs":
            if os.environ.get(_GOOGLE):
                return f"check the file that {_GOOGLE} names"
            return f"set {_GOOGLE} to the file of your credentials, and start lamella again"
    return ""


def has_aws_credentials() -> bool:
    """Whether there are any; without them requests are not signed, as public buckets want it."""
    return bool(_aws_in_use())


def _aws_in_use() -> list[str]:
    names = [name for name in _AWS if os.environ.get(name)]
    file = os.environ.get("AWS_SHARED_CREDENTIALS_FILE", os.path.expanduser("~/.aws/credentials"))
    return names or ([file] if os.path.exists(file) else [])
