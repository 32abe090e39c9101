"""Where a store is: a local folder or a URL, and a path inside it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lamella.sources.base import Pool

LOCAL_POOL = Pool(key="local", slots=8, threads=0)
REMOTE_SLOTS = 64  # 64 chunks over 50 ms take 62 ms with 64 at once, 113 with 32

_WRAPPER = re.compile(r"\A(?:zarr[23]?|n5|precomputed|neuroglancer-precomputed)://", re.IGNORECASE)
_SCHEME = re.compile(r"\A([A-Za-z][A-Za-z0-9+.-]+)://")  # two letters or more: C:\ is a drive
_DEFAULT_PORT = {"http": 80, "https": 443}
_METADATA_KEYS = ("zarr.json", ".zarray", ".zgroup", ".zattrs", ".zmetadata", "attributes.json")
_URL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+://)(?:[^/?#\s'\"]*@)?([^?#\s'\"]*)(?:[?#][^\s'\"]*)?")
_SUFFIXES = (".ome.zarr", ".zarr", ".n5", ".precomputed", ".npy")


@dataclass(frozen=True, slots=True, repr=False)
class Location:
    """A local folder or file, or a URL, and a path inside it.

    Attributes
    ----------
    scheme : str
        ``"file"``, ``"http"``, ``"https"``, ``"s3"`` or ``"gs"``.
    base : str
        Absolute local path, or the URL without query, fragment and trailing slash, percent-encoded as given.
    query : str
        Query of an HTTP URL, sent with every request.
    path : str
        Inside the store, ``"/"``-separated, not encoded; ``""`` is the store itself.
    """

    scheme: str
    base: str
    query: str = ""
    path: str = ""

    @classmethod
    def parse(cls, text: str | os.PathLike[str]) -> Location:
        """Understand a path or URL as a user writes it.

        ``~``, ``file://``, trailing slashes, the prefixes ``zarr://``, ``n5://`` and ``precomputed://`` before another
        URL or path, the name of a metadata file inside the store: all lead to the store.

        Raises
        ------
        ValueError
            One sentence that says what is wrong with it.
        """
        given = os.fspath(text)
        if not given.strip() or "\0" in given:
            raise ValueError(f"{given!r} is neither a path nor a URL")
        shown = public_name(given)
        rest = given.strip() if isinstance(text, str) else given
        rest = _WRAPPER.sub("", rest)
        scheme = _SCHEME.match(rest)
        if scheme is not None:
            rest = rest.split("|", 1)[0]  # the format pipeline of neuroglancer and tensorstore
        if scheme is None or scheme[1].lower() == "file":
            if scheme is not None:
                from urllib.request import url2pathname  # brings an HTTP client along

                rest = url2pathname(urlsplit(rest).path)
            return cls("file", _without_metadata_key(os.path.abspath(os.path.expanduser(rest)), os.sep))
        name = scheme[1].lower()
        if name not in ("http", "https", "s3", "gs"):
            raise ValueError(f"{shown} has the scheme {name}://; lamella opens http, https, s3, gs and file URLs")
        try:
            parts = urlsplit(rest)
            host, _ = parts.hostname, parts.port
        except ValueError as error:
            reason = "its port is not a number" if "port" in str(error).lower() else "its host is not one"
            raise ValueError(f"{shown} is not a valid URL: {reason}") from None
        if not host or re.search(r"[\s<>\"\\^`{}|]", parts.netloc):
            raise ValueError(f"{shown} is not a valid URL: it names no host")
        base = f"{name}://{parts.netloc}{parts.path}".rstrip("/")
        return cls(name, _without_metadata_key(base, "/"), parts.query)

    def __repr__(self) -> str:
        return f"Location({self.name!r})"  # without secrets: it ends up in logs

    @property
    def remote(self) -> bool:
        return self.scheme != "file"

    @property
    def name(self) -> str:
        """What messages call it; without user and password."""
        base = public_name(self.base) if self.remote else self.base
        return f"{base}/{self.path}" if self.path else base

    @property
    def host(self) -> str:
        """``scheme://host:port`` of a URL, ``scheme://bucket`` of an object store, ``"local"``."""
        if not self.remote:
            return "local"
        parts = urlsplit(self.base)
        port = parts.port or _DEFAULT_PORT.get(self.scheme)
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
        return f"{self.scheme}://{host}" + (f":{port}" if port else "")

    @property
    def stem(self) -> str:
        """Last part of the path without its suffix: a name for a layer."""
        last = self.name.rsplit(os.sep if not self.remote and not self.path else "/", 1)[-1]
        last = unquote(last) if self.remote else last
        for suffix in _SUFFIXES:
            if last.lower().endswith(suffix) and len(last) > len(suffix):
                last = last[: -len(suffix)]
                break
        return last.encode("utf-8", "replace").decode()

    @property
    def pool(self) -> Pool:
        """The bulkhead of its reads."""
        if not self.remote:
            return LOCAL_POOL
        return Pool(key=self.host, slots=REMOTE_SLOTS, threads=0, remote=True)

    @property
    def local_path(self) -> Path:
        return Path(self.base, *self.path.split("/")) if self.path else Path(self.base)

    def child(self, path: str) -> Location:
        """The location of ``path`` inside it.

        Raises
        ------
        ValueError
            The path would leave the store: it is absolute, a URL, or has a ``..``.
        """
        parts = [p for p in unquote(path).split("/") if p not in ("", ".")]
        if (
            not parts
            or path.startswith("/")
            or _SCHEME.match(path)
            or ".." in parts
            or "\\" in path
            or re.search(r"[\0-\x1f]|^[A-Za-z]:", unquote(path))
        ):
            raise ValueError(f"the metadata of {self.name} names the dataset path {path!r}, which leaves the store")
        inside = "/".join(p for p in path.split("/") if p not in ("", "."))
        return replace(self, path=f"{self.path}/{inside}" if self.path else inside)

    def kvstore(self) -> dict[str, Any]:
        """The key-value store of tensorstore whose keys lie under it."""
        path = f"{self.path}/" if self.path else ""
        if self.scheme == "file":
            return {"driver": "file", "path": f"{self.base.replace(os.sep, '/').rstrip('/')}/{path}"}
        if self.scheme in ("http", "https"):
            query = f"?{self.query}" if self.query else ""
            return {"driver": "http", "base_url": f"{self.base}/{query}", "path": path}
        parts = urlsplit(self.base)
        root = unquote(parts.path).strip("/")
        driver = "s3" if self.scheme == "s3" else "gcs"
        return {"driver": driver, "bucket": parts.netloc, "path": f"{root}/{path}" if root else path}


def public_name(path_or_url: str) -> str:
    """What to call a path or URL that a user gave: without user, password, query and fragment, which may be secret."""
    scheme = _SCHEME.match(_WRAPPER.sub("", path_or_url.strip()))
    if scheme is None:
        return path_or_url
    rest = scheme.string[scheme.end() :]
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in authority:
        rest = rest[authority.rindex("@") + 1 :]
    elif "@" in rest and not re.fullmatch(r"[^:]*(:\d*)?|\[.*\](:\d*)?", authority):
        rest = rest[rest.rindex("@") + 1 :]  # a password with signs that end it: no valid URL, but no less secret
    return scheme[0] + re.split(r"[?#]", rest, maxsplit=1)[0]


def without_secrets(text: str) -> str:
    """A message whose URLs have no user, password, query and fragment."""
    return _URL.sub(r"\1\2", text)


def _without_metadata_key(path: str, separator: str) -> str:
    head, _, last = path.rpartition(separator)
    return head if last in _METADATA_KEYS and head else path
