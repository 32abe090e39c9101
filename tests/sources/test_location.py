import os
from pathlib import Path

import pytest

from lamella.sources.location import Location

HOST = "https://host.example:8443/data/x.zarr"


@pytest.mark.parametrize(
    "text",
    [
        HOST,
        HOST + "/",
        f"zarr://{HOST}",
        f"zarr3://{HOST}/",
        f"  {HOST}  ",
        f"{HOST}/zarr.json",
        f"{HOST}/|zarr3:",
        f"{HOST}#x",
    ],
)
def test_every_way_to_write_a_url_leads_to_the_same_store(text):
    assert Location.parse(text) == Location("https", HOST)


@pytest.mark.parametrize(
    "form", ["{0}", "{0}/", "file://{0}", "zarr://{0}", "{0}/.zattrs", "{0}/zarr.json", "{0}/../x.zarr"]
)
def test_every_way_to_write_a_path_leads_to_the_same_store(form, tmp_path):
    path = str(tmp_path / "x.zarr")
    assert Location.parse(form.format(path)) == Location("file", path)
    assert Location.parse(Path(path)) == Location("file", path)


def test_a_tilde_and_a_relative_path_are_made_absolute(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    assert Location.parse("~/x.zarr") == Location.parse("x.zarr") == Location("file", str(tmp_path / "x.zarr"))


@pytest.mark.parametrize(
    "text", ["", "  ", "ftp://h/x", "http://", "http:///x", "http://[::1", "http://a b/x", "http://h:x/", "a\0b"]
)
def test_what_is_no_address_is_refused_in_one_sentence(text):
    with pytest.raises(ValueError, match=r".") as caught:
        Location.parse(text)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "..",
        "../x",
        "a/../../x",
        "/etc",
        "//h/x",
        "http://h/x",
        "file:///x",
        "a\\..\\x",
        "%2e%2e/x",
        "",
        ".",
        "C:/x",
        "a\0b",
        "a\nb",
    ],
)
def test_a_path_that_leaves_the_store_is_refused(path):
    with pytest.raises(ValueError, match="leaves the store"):
        Location.parse(HOST).child(path)


def test_a_child_lies_inside():
    assert Location.parse(HOST).child("a//b/./c/").path == "a/b/c"
    assert Location.parse(HOST).child("a").child("b").name == HOST + "/a/b"


@pytest.mark.parametrize(
    ("text", "key"),
    [
        (HOST, "https://host.example:8443"),
        ("http://Host/x", "http://host:80"),
        ("http://[::1]:80/x", "http://[::1]:80"),
        ("s3://bucket/x", "s3://bucket"),
        ("/x", "local"),
    ],
)
def test_stores_on_one_host_share_a_pool(text, key):
    pool = Location.parse(text).pool
    assert pool.key == key
    assert pool.threads == 0
    assert pool.remote == (key != "local")
    assert pool.slots == (64 if pool.remote else 8)


@pytest.mark.parametrize(
    ("text", "stem"),
    [
        ("/a/x.ome.zarr/", "x"),
        ("http://h/a%20b.zarr", "a b"),
        ("/a/b.n5", "b"),
        ("http://h", "h"),
        ("/a/.zarr", ".zarr"),
        ("/a/i.npy", "i"),
    ],
)
def test_the_name_is_the_last_part_without_suffix(text, stem):
    assert Location.parse(text).stem == stem


def test_passwords_are_not_told():
    assert "secret" not in Location.parse("http://me:secret@host/x.zarr").name


def test_the_query_goes_with_every_request():
    assert Location.parse("http://h/x.zarr?token=1").child("0").kvstore() == {
        "driver": "http",
        "base_url": "http://h/x.zarr/?token=1",
        "path": "0/",
    }


def test_object_stores_name_bucket_and_path():
    assert Location.parse("s3://bucket/a/x.zarr").child("0").kvstore() == {
        "driver": "s3",
        "bucket": "bucket",
        "path": "a/x.zarr/0/",
    }
    assert Location.parse("gs://bucket/x").kvstore() == {"driver": "gcs", "bucket": "bucket", "path": "x/"}


def test_a_local_child_is_a_path(tmp_path):
    assert Location.parse(tmp_path).child("a/b").local_path == tmp_path / "a" / "b"
    assert Location.parse(tmp_path).child("a").kvstore()["path"] == f"{tmp_path}{os.sep}a/"
