"""What is said about credentials: who asks for them and how to give them, and never what they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lamella.sources import Failed, FailureKind, Missing
from lamella.sources.credentials import advice, has_aws_credentials
from lamella.sources.failures import classify, is_forbidden, with_advice
from lamella.sources.location import Location, public_name, without_secrets
from lamella.sources.tensorstore_source import load_tensorstore
from lamella.testing import Fault, HttpServer


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_PROFILE", "AWS_WEB_IDENTITY_TOKEN_FILE", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("https://h.org/a", ["https://user:password@h.org/…", "query"]),
        ("http://h:8000/a", ["http://user:password@h:8000/…"]),
        ("https://me:secret@h.org/a", ["did not accept the user and password in the URL"]),
        ("https://h.org/a?token=secret", ["did not accept what the query of the URL says"]),
        ("s3://bucket/a", ["AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"]),
        ("gs://bucket/a", ["GOOGLE_APPLICATION_CREDENTIALS"]),
    ],
)
def test_the_advice_says_how_this_server_takes_credentials(url: str, words: list[str]) -> None:
    text = advice(Location.parse(url))
    assert all(word in text for word in words)
    assert "secret" not in text


def test_credentials_that_are_there_are_to_be_checked(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    assert not has_aws_credentials()
    monkeypatch.setenv("AWS_PROFILE", "mine")
    assert has_aws_credentials()
    assert advice(Location.parse("s3://bucket/a")) == "check the credentials in AWS_PROFILE"
    monkeypatch.delenv("AWS_PROFILE")
    (tmp_path / "none").write_text("")
    assert advice(Location.parse("s3://bucket/a")) == f"check the credentials in {tmp_path / 'none'}"
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/key.json")
    assert advice(Location.parse("gs://bucket/a")) == "check the file that GOOGLE_APPLICATION_CREDENTIALS names"


def test_only_a_refusal_gets_advice() -> None:
    denied = Failed(FailureKind.DENIED, "the server answered 401 Unauthorized")
    busy = Failed(FailureKind.BUSY, "the server answered 503")
    told = with_advice(denied, "s3://bucket", "set this")
    assert told == Failed(
        FailureKind.DENIED, "s3://bucket refused access, the server answered 401 Unauthorized: set this"
    )
    assert with_advice(busy, "s3://bucket", "set this") is busy
    assert with_advice(denied, "tensorstore:1", "") is denied


@pytest.fixture
def bucket() -> Iterator[tuple[HttpServer, object]]:
    """A server that stands for S3, and tensorstore's view of it."""
    ts = load_tensorstore()
    with HttpServer(lambda path: b"") as server:
        spec = {
            "driver": "s3",
            "bucket": "bucket",
            "path": "x/",
            "endpoint": server.url,
            "host_header": "bucket.s3.amazonaws.com",
            "aws_region": "us-east-1",
            "aws_credentials": {"type": "anonymous"},
        }
        context = ts.Context({"s3_request_retries": {"max_retries": 0}})
        yield server, ts.KvStore.open(spec, context=context).result()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.OTHER),
        (401, FailureKind.DENIED),
        (403, FailureKind.DENIED),
        (408, FailureKind.BUSY),
        (416, FailureKind.CORRUPT),
        (429, FailureKind.THROTTLED),
        (500, FailureKind.BUSY),
        (503, FailureKind.BUSY),
    ],
)
def test_statuses_of_object_stores_are_understood(bucket, status: int, kind: FailureKind) -> None:
    server, store = bucket
    server.fail_always(lambda path: True, Fault(status=status))
    with pytest.raises(ValueError, match=str(status)) as caught:
        store.read("key").result()
    outcome = classify(str(caught.value))
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind
    assert outcome.message.startswith(f"the server answered {status} ")
    assert is_forbidden(outcome) == (status == 403)


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("ABORTED: All 0 retry attempts failed: Service Unavailable [http_response_code='503']", FailureKind.BUSY),
        ("PERMISSION_DENIED: Forbidden [http_response_code='403']", FailureKind.DENIED),
        (
            "ABORTED: All 0 retry attempts failed: CURL error Could not connect to server: … [curl_code='7']",
            FailureKind.CONNECTION,
        ),
    ],
)
def test_texts_of_google_storage_are_understood(message: str, kind: FailureKind) -> None:
    outcome = classify(message)
    assert isinstance(outcome, Failed)
    assert outcome.kind is kind


@pytest.mark.parametrize(
    "message",
    [
        "INTERNAL: Failed to create credentials provideraws-c-common: AWS_ERROR_STRING_MATCH_NOT_FOUND, …",
        "UNKNOWN: Unexpected content of the JSON credentials file: /home/me/key.json",
    ],
)
def test_credentials_that_cannot_be_read_are_no_missing_chunk(message: str) -> None:
    outcome = classify(message)
    assert outcome == Failed(FailureKind.DENIED, "the credentials cannot be read")
    assert not is_forbidden(outcome)


def test_a_folder_of_that_name_is_another_matter() -> None:
    outcome = classify('DATA_LOSS: Error reading local file "/credentials/0.0": Digest mismatch, stored digest is 0x6')
    assert outcome != Missing()
    assert outcome.kind is FailureKind.CORRUPT


@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("https://me:secret@h.org:8000/a/b.zarr?token=secret#secret", "https://h.org:8000/a/b.zarr"),
        ("zarr://https://me:secret@h.org/a", "https://h.org/a"),
        ("https://secret@h.org/a", "https://h.org/a"),
        ("https://me:sec@ret@h.org/a", "https://h.org/a"),
        ("https://me:secret /1@h.org/a", "https://h.org/a"),
        ("https://me:secr/et@h.org/a", "https://h.org/a"),
        ("https://me:secr?et@h.org/a", "https://h.org/a"),
        ("https://me:secret@h.org", "https://h.org"),
        ("s3://bucket/a", "s3://bucket/a"),
        ("https://h.org/a@b/c", "https://h.org/a@b/c"),
        ("https://h.org:80/a@b/c", "https://h.org:80/a@b/c"),
        ("http://[::1]:80/a@b", "http://[::1]:80/a@b"),
        ("/data/a@b.zarr", "/data/a@b.zarr"),
        ("C:\\data\\a.zarr", "C:\\data\\a.zarr"),
    ],
)
def test_the_name_of_a_url_has_no_secrets(given: str, shown: str) -> None:
    assert public_name(given) == shown


def test_a_location_shows_no_secrets() -> None:
    location = Location.parse("https://me:sec@ret@h.org/a.zarr?token=secret")
    assert repr(location) == "Location('https://h.org/a.zarr')"
    assert (location.name, location.host) == ("https://h.org/a.zarr", "https://h.org:443")
    assert location.pool.key == location.host


@pytest.mark.parametrize("url", ["ftp://me:secret@h/a", "https://me:sec/ret@h/a", "https://me:sec ret@h/a"])
def test_a_refused_url_shows_no_secrets(url: str) -> None:
    with pytest.raises(ValueError, match=r"://h/a") as caught:
        Location.parse(url)
    assert "sec" not in str(caught.value)
    assert "ret" not in str(caught.value)


def test_messages_lose_what_is_secret_and_keep_the_rest() -> None:
    text = "Error reading https://me:secret@h.org/a/c/0?token=secret: refused, see https://h.org/why; a@b is fine"
    assert without_secrets(text) == "Error reading https://h.org/a/c/0 refused, see https://h.org/why; a@b is fine"
