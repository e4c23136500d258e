"""Where an address leads and who we are there: from the environment and the files of the usual tools."""

from __future__ import annotations

import os
import pickle
from typing import TYPE_CHECKING

import pytest
from tests.faults.faulty import FaultyServer, running

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.store.contracts import Suffix
from zarrscope.store.credentials import Settings, place_of
from zarrscope.store.remote import ObjectStore

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEYS = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "hidden"}


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """Return an environment with a home folder that has files of profiles."""
    folder = tmp_path / ".aws"
    folder.mkdir()
    (folder / "credentials").write_text(
        "[default]\naws_access_key_id = d\naws_secret_access_key = %hidden\n"
        "[lab]\naws_access_key_id=l\naws_secret_access_key=hidden\naws_session_token=t\n"
    )
    (folder / "config").write_text(
        "[default]\nregion = eu-west-1\n"
        "[profile lab]\nregion = eu-central-1\ns3 =\n    addressing_style = virtual\nservices = ours\n"
        "[services ours]\ns3 =\n    endpoint_url = https://s3.lab.example\nec2 =\n    endpoint_url = no\n"
        "[profile signed-on]\nsso_session = x\n[profile role]\nrole_arn = y\n"
    )
    return {"HOME": str(tmp_path)}


def s3(environment: dict[str, str], address: str = "s3://bucket/a/b") -> Settings:
    return place_of(address, environment).settings


@pytest.mark.parametrize(
    ("address", "kind", "bucket", "prefix"),
    [
        ("s3://bucket", "s3", "bucket", ""),
        ("s3://bu.ck-et_1/a b/c?d#e/", "s3", "bu.ck-et_1", "a b/c?d#e"),
        ("gs://bucket/a", "gs", "bucket", "a"),
        ("abfs://cont@acc.dfs.core.windows.net/a/b", "az", "cont", "a/b"),
        ("abfss://cont@acc.dfs.core.windows.net", "az", "cont", ""),
    ],
)
def test_addresses(address: str, kind: str, bucket: str, prefix: str, tmp_path: Path) -> None:
    place = place_of(address, {"HOME": str(tmp_path)})
    assert (place.kind, place.bucket, place.prefix) == (kind, bucket, prefix)
    assert place.settings["skip_signature"] is True
    if kind == "az":
        assert place.settings["account_name"] == "acc"


@pytest.mark.parametrize(
    "address", ["s3://", "s3:///a", "gs://a b/c", "az://cont/a", "s3://id:hidden@bucket/a"]
)
def test_what_is_no_address(address: str, tmp_path: Path) -> None:
    with pytest.raises(ArgumentError) as caught:
        place_of(address, {"HOME": str(tmp_path)})
    assert "hidden" not in str(caught.value)


class TestAmazon:
    """S3, and what speaks like it."""

    def test_the_environment_comes_first(self, home: dict[str, str]) -> None:
        found = s3(home | KEYS | {"AWS_REGION": "r", "AWS_SESSION_TOKEN": "s"})
        assert (found["access_key_id"], found["secret_access_key"], found["session_token"]) == (
            "id",
            "hidden",
            "s",
        )
        assert found["region"] == "r"

    def test_then_the_profile(self, home: dict[str, str]) -> None:
        found = s3(home)
        assert (found["access_key_id"], found["secret_access_key"]) == ("d", "%hidden")
        assert found["region"] == "eu-west-1"
        assert "session_token" not in found
        found = s3(home | {"AWS_PROFILE": "lab"})
        assert (found["access_key_id"], found["session_token"], found["region"]) == ("l", "t", "eu-central-1")
        assert found["endpoint"] == "https://bucket.s3.lab.example"
        assert found["virtual_hosted_style_request"] is True

    def test_then_nobody(self, tmp_path: Path) -> None:
        assert s3({"HOME": str(tmp_path)})["skip_signature"] is True
        assert s3({"HOME": str(tmp_path), **KEYS, "AWS_SKIP_SIGNATURE": "true"})["skip_signature"] is True

    def test_roles_are_left_to_the_client(self, tmp_path: Path) -> None:
        found = s3({"HOME": str(tmp_path), "AWS_WEB_IDENTITY_TOKEN_FILE": "x"})
        assert "skip_signature" not in found

    def test_endpoints(self, tmp_path: Path) -> None:
        base = {"HOME": str(tmp_path), "AWS_ENDPOINT_URL": "http://h:9000/"}
        assert s3(base)["endpoint"] == "http://h:9000"
        assert s3(base | {"AWS_ENDPOINT_URL_S3": "https://s3"})["endpoint"] == "https://s3"
        virtual = s3(base | {"AWS_VIRTUAL_HOSTED_STYLE_REQUEST": "true"})
        assert virtual["endpoint"] == "http://bucket.h:9000"

    @pytest.mark.parametrize("profile", ["signed-on", "role"])
    def test_what_needs_another_tool(self, home: dict[str, str], profile: str) -> None:
        with pytest.raises(UnsupportedError, match="export-credentials"):
            s3(home | {"AWS_PROFILE": profile})

    def test_what_is_not_there(self, home: dict[str, str], tmp_path: Path) -> None:
        with pytest.raises(ArgumentError, match="no AWS profile 'none'"):
            s3(home | {"AWS_PROFILE": "none"})
        (tmp_path / "broken").write_text("aws_secret_access_key = hidden\n")
        with pytest.raises(ArgumentError, match="broken is no file of profiles") as caught:
            s3(home | {"AWS_SHARED_CREDENTIALS_FILE": str(tmp_path / "broken")})
        assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [("AWS_REGION", "a b"), ("AWS_SESSION_TOKEN", "hid\nden"), ("AWS_SECRET_ACCESS_KEY", "hid\x7fden")],
)
def test_what_would_end_the_client_is_refused(tmp_path: Path, name: str, value: str) -> None:
    with pytest.raises(ArgumentError, match=r"(?i)" + name) as caught:
        s3({"HOME": str(tmp_path), **KEYS, name: value})
    assert "hid" not in str(caught.value)


def test_google_and_azure_know_who_we_are(tmp_path: Path) -> None:
    home = {"HOME": str(tmp_path)}
    assert place_of("gs://b", home | {"GOOGLE_APPLICATION_CREDENTIALS": "x"}).settings == {}
    account = {"AZURE_STORAGE_ACCOUNT_NAME": "acc"}
    assert place_of("az://c", home | account | {"AZURE_STORAGE_ACCOUNT_KEY": "k"}).settings == {
        "account_name": "acc"
    }
    connection = (
        "DefaultEndpointsProtocol=https;AccountName=acc;AccountKey=a2V5PQ==;EndpointSuffix=core.windows.net"
    )
    found = place_of("az://c", home | {"AZURE_STORAGE_CONNECTION_STRING": connection}).settings
    assert found == {"account_name": "acc", "account_key": "a2V5PQ=="}


def test_nothing_shows_what_is_secret(home: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (home | KEYS).items():
        monkeypatch.setenv(name, value)
    assert "hidden" not in repr(place_of("s3://bucket/a"))
    assert b"hidden" not in pickle.dumps(ObjectStore("s3://bucket/a"))
    monkeypatch.setenv("AWS_ENDPOINT_URL", "no address:hidden")
    with pytest.raises(ArgumentError, match="AWS_ENDPOINT_URL is no address") as caught:
        ObjectStore("s3://bucket/a")
    assert "hidden" not in str(caught.value)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[FaultyServer]:
    for name in [name for name in os.environ if name.startswith(("GOOGLE_", "AZURE_", "AWS_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    with running() as server:
        monkeypatch.setenv("AWS_ENDPOINT_URL", f"http://{server.host}")
        monkeypatch.setenv("GOOGLE_BASE_URL", f"http://{server.host}")
        monkeypatch.setenv("AZURE_STORAGE_ENDPOINT", f"http://{server.host}")
        monkeypatch.setenv("AZURE_STORAGE_ACCOUNT_NAME", "acc")
        yield server


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_requests_of_every_kind_reach_their_bucket(server: FaultyServer, scheme: str) -> None:
    """Without a signature, and each with the words for ranges that its servers know."""
    server.values["f/v"] = b"0123456789"
    store = ObjectStore(f"{scheme}://bucket/f")
    assert bytes(store.get("v") or b"") == b"0123456789"
    assert bytes(store.get("v", (2, 5)) or b"") == b"234"
    assert bytes(store.get("v", Suffix(3)) or b"") == b"789"
    assert bytes(store.get("v", Suffix(30)) or b"") == b"0123456789"
    assert store.get("no") is None
    assert store.get("no", Suffix(3)) is None
    assert store.head("v").size == 10
    assert not [seen for seen in server.seen if "Authorization" in seen.headers]
    if scheme == "az":
        assert not [seen for seen in server.seen if (seen.range or "").startswith("bytes=-")]


@pytest.mark.parametrize("scheme", ["s3", "gs", "az", "abfs"])
@pytest.mark.parametrize(
    "query", ["?token=SECRETSECRET", "?a&X-Amz-Signature=SECRETSECRET", "?sig=SECRETSECRET#x"]
)
def test_a_query_is_refused_and_not_shown(scheme: str, query: str) -> None:
    host = "bucket@account.dfs.core.windows.net" if scheme == "abfs" else "bucket"
    with pytest.raises(ArgumentError, match="question mark") as caught:
        place_of(f"{scheme}://{host}/x.zarr{query}", {})
    assert "SECRETSECRET" not in str(caught.value)


def test_a_password_is_not_shown_as_the_name_of_a_container() -> None:
    with pytest.raises(ArgumentError, match="no name of a bucket") as caught:
        place_of("az://user:SECRETSECRET@host/x.zarr", {})
    assert "SECRETSECRET" not in str(caught.value)
