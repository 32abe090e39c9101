import pytest

from lamella.sources import Failed, FailureKind, Missing
from lamella.sources.failures import classify, from_http_code, is_forbidden

URL = "http://127.0.0.1:40305/p3/c/4/0"
SHARD = f"Error reading shard entry {{0, 0}}/{{2, 2}} in {URL}: Error reading shard index in {URL}: "


@pytest.mark.parametrize(
    ("message", "kind", "text"),
    [
        (f"PERMISSION_DENIED: Error reading {URL}: Unauthorized [HTTP code 401]", "denied", "401 Unauthorized"),
        (f"PERMISSION_DENIED: Error reading {URL}: Forbidden [HTTP code 403]", "denied", "403 Forbidden"),
        (f"PERMISSION_DENIED: {SHARD}Forbidden [HTTP code 403]", "denied", "403 Forbidden"),
        ("UNAVAILABLE: Request Timeout [HTTP code 408]", "busy", "408 Request Timeout"),
        ("UNAVAILABLE: Too Many Requests [HTTP code 429]", "throttled", "429 Too Many Requests"),
        ("UNAVAILABLE: Internal Server Error [HTTP code 500]", "busy", "500 Internal Server Error"),
        ("UNAVAILABLE: Service Unavailable [HTTP code 503]", "busy", "503 Service Unavailable"),
        ("Bad Request [HTTP code 400]", "other", "400 Bad Request"),
        ("FAILED_PRECONDITION: Unknown [HTTP code 302]", "other", "redirects (302 Found)"),
        ("OUT_OF_RANGE: Range Not Satisfiable [HTTP code 416]", "corrupt", "416"),
        (
            "UNAVAILABLE: CURL error Transferred a partial file: 997 bytes missing [curl_code='18']",
            "connection",
            "Transferred a partial file",
        ),
        (
            "UNAVAILABLE: CURL error Could not connect to server: Failed to connect to h [curl_code='7']",
            "connection",
            "Could not connect to server",
        ),
        (
            "UNAVAILABLE: CURL error Could not resolve hostname: Could not resolve: h:80 [curl_code='6']",
            "connection",
            "Could not resolve hostname",
        ),
        (
            "DEADLINE_EXCEEDED: CURL error Timeout was reached: Operation too slow [curl_code='28']",
            "timeout",
            "did not answer in time",
        ),
        (
            f"FAILED_PRECONDITION: Error reading {URL}: ZSTD_decompressStream() failed: Unknown frame; at byte 0",
            "corrupt",
            "ZSTD_decompressStream() failed",
        ),
        (
            'FAILED_PRECONDITION: Error reading local file "/a b/0.0": Not enough data: expected 512 or 412 more',
            "corrupt",
            "damaged: Not enough data",
        ),
        (f"DATA_LOSS: {SHARD}Digest mismatch, stored digest is 0x64636261", "corrupt", "Digest mismatch"),
        (
            f"FAILED_PRECONDITION: {SHARD}Requested byte range [-68, ?) is not valid for value of size 30",
            "corrupt",
            "shard is cut off",
        ),
        (
            f"FAILED_PRECONDITION: {SHARD}Requested byte range [-68, ?) was ignored by server",
            "other",
            "range requests",
        ),
        (
            'PERMISSION_DENIED: Error opening local file "/a/0.0": Permission denied [OS error 13: EACCES]',
            "denied",
            "Permission denied",
        ),
        ("RESOURCE_EXHAUSTED: quota", "busy", "quota"),
        ("something nobody has seen", "other", "something nobody has seen"),
        ("", "other", "unknown error"),
    ],
)
def test_an_error_text_is_classed_and_put_into_one_sentence(message, kind, text):
    outcome = classify(message)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind(kind)
    assert text in outcome.message
    assert "c/4/0" not in outcome.message, "the same failure of two chunks must read the same"
    assert "0.0" not in outcome.message


@pytest.mark.parametrize(
    "message",
    [
        f"NOT_FOUND: chunk {{4, 0}} stored at {URL} is missing",
        "NOT_FOUND: Gone [HTTP code 410]",
        "UNKNOWN: Not Found [HTTP code 404]",
    ],
)
def test_what_is_not_there_is_missing(message):
    assert classify(message) == Missing()


def test_only_busy_and_lost_connections_are_worth_another_try():
    retryable = {c for c in (400, 401, 403, 408, 416, 429, 500, 502, 503, 504) if from_http_code(c).retryable}
    assert retryable == {408, 429, 500, 502, 503, 504}


def test_forbidden_is_told_from_credentials_missing():
    assert is_forbidden(from_http_code(403))
    assert not is_forbidden(from_http_code(401))
    assert not is_forbidden(from_http_code(404))
