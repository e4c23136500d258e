"""Who we are to an object store: from the environment and the usual files, else nobody in particular.

Nothing here asks the network: roles of machines are taken only where the environment names them.
"""

from __future__ import annotations

import configparser
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from zarrscope.errors import ArgumentError, UnsupportedError
from zarrscope.store.keys import without_secrets

if TYPE_CHECKING:
    from collections.abc import Mapping

_QUERY = re.compile(r"\?(?:.*&)?[\w.-]+=")

Settings = dict[str, str | bool]

KINDS = {
    "s3": "s3",
    "s3a": "s3",
    "gs": "gs",
    "gcs": "gs",
    "az": "az",
    "azure": "az",
    "abfs": "az",
    "abfss": "az",
}
"""Schemes of object stores, and which kind of store each means."""

_AWS_ROLES = (
    "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
    "AWS_CONTAINER_CREDENTIALS_FULL_URI",
    "AWS_METADATA_ENDPOINT",
)
_GOOGLE = ("GOOGLE_APPLICATION_CREDENTIALS", "GOOGLE_SERVICE_ACCOUNT", "GOOGLE_SERVICE_ACCOUNT_PATH",
           "GOOGLE_SERVICE_ACCOUNT_KEY", "GOOGLE_BEARER_TOKEN")  # fmt: skip
_AZURE = ("AZURE_STORAGE_ACCOUNT_KEY", "AZURE_STORAGE_ACCESS_KEY", "AZURE_STORAGE_MASTER_KEY",
          "AZURE_STORAGE_SAS_KEY", "AZURE_STORAGE_SAS_TOKEN", "AZURE_STORAGE_TOKEN", "AZURE_CLIENT_ID",
          "AZURE_STORAGE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "AZURE_USE_AZURE_CLI", "IDENTITY_ENDPOINT",
          )  # fmt: skip
_CONNECTION = {"AccountName": "account_name", "AccountKey": "account_key", "BlobEndpoint": "endpoint",
               "SharedAccessSignature": "sas_token"}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A bucket (or container), a folder in it, and how to come there.

    Parameters
    ----------
    kind : str
        ``s3``, ``gs`` or ``az``.
    bucket, prefix : str
        Of it; the prefix without slashes at its ends.
    settings : dict
        What the client is told; it may hold secrets and is shown nowhere.
    """

    kind: str
    bucket: str
    prefix: str
    settings: Settings = field(repr=False, default_factory=dict)


def place_of(address: str, environment: Mapping[str, str] | None = None) -> Place:
    """Return where an address such as ``s3://bucket/folder`` leads, with the credentials that are there.

    Raises
    ------
    ArgumentError
        It names no bucket, or carries credentials, or what the environment says is incomplete.
    UnsupportedError
        A profile gets its keys in a way that is not known here.
    """
    environment = os.environ if environment is None else environment
    scheme, _, rest = address.partition("://")
    kind = KINDS[scheme]
    bucket, _, prefix = rest.partition("/")
    if _QUERY.search(rest):  # a lone question mark may stand in a key
        raise ArgumentError(
            f"{without_secrets(address)}: what follows the question mark does not belong into an address of "
            "an object store; put credentials into the environment, or sign an https:// address"
        )
    account, bucket = _account(kind, bucket, address)
    if not re.fullmatch(r"[\w$][\w.$-]*", bucket):
        raise ArgumentError(
            f"{without_secrets(address)}: {bucket.partition(':')[0]!r:.80} is no name of a bucket"
        )
    if kind == "s3":
        settings = _aws(bucket, environment)
    elif kind == "gs":
        settings = _google(environment)
    else:
        settings = _azure(account, environment, address)
    return Place(kind, bucket, prefix.strip("/"), settings)


def _account(kind: str, bucket: str, address: str) -> tuple[str, str]:
    """Return the account that an address names, which only those of Azure do, and the bucket."""
    container, at, host = bucket.rpartition("@")
    if not at:
        return "", bucket
    if kind != "az":
        raise ArgumentError(
            f"{without_secrets(address)}: credentials do not belong into an address; put them into the "
            "environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or a profile (AWS_PROFILE)"
        )
    return host.partition(".")[0], container


def _aws(bucket: str, environment: Mapping[str, str]) -> Settings:
    profile = _profile(environment)
    said = environment.get("AWS_REGION") or environment.get("AWS_DEFAULT_REGION") or profile.get("region")
    if not re.fullmatch(r"[\w-]+", region := (said or "us-east-1").strip()):
        raise ArgumentError(f"AWS_REGION: {region!r:.80} is no name of a region")
    settings: Settings = {"region": region}
    endpoint = (
        environment.get("AWS_ENDPOINT_URL_S3")
        or environment.get("AWS_ENDPOINT_URL")
        or profile.get("endpoint_url")
    )
    said = environment.get("AWS_VIRTUAL_HOSTED_STYLE_REQUEST")
    virtual = _yes(said) if said else profile.get("addressing_style") == "virtual"
    settings["virtual_hosted_style_request"] = virtual
    settings["disable_bulk_delete"] = True  # many that speak like S3 know only how to delete one key
    if endpoint:
        scheme, _, host = _server(endpoint, "AWS_ENDPOINT_URL").partition("://")
        settings["endpoint"] = f"{scheme}://{bucket}.{host}" if virtual else f"{scheme}://{host}"
    return settings | _aws_keys(environment, profile)


def _aws_keys(environment: Mapping[str, str], profile: Mapping[str, str]) -> Settings:
    if _yes(environment.get("AWS_SKIP_SIGNATURE", "")):
        return {"skip_signature": True}
    names = ("access_key_id", "secret_access_key", "session_token")
    keys = {name: environment.get(f"AWS_{name.upper()}", "") for name in names}
    if not (keys["access_key_id"] and keys["secret_access_key"]):
        keys = {name: profile.get(f"aws_{name}", "") for name in names}
    if keys["access_key_id"] and keys["secret_access_key"]:
        return {name: _one_line(value, f"aws_{name}") for name, value in keys.items() if value}
    if any(environment.get(name) for name in _AWS_ROLES):
        return {}
    if indirect := {"role_arn", "sso_session", "sso_start_url", "credential_process"} & set(profile):
        raise UnsupportedError(
            f"the AWS profile gets its keys by {min(indirect)}, which is not known here; run "
            "'eval $(aws configure export-credentials --format env)' first, or set AWS_SKIP_SIGNATURE=true "
            "for what is public"
        )
    return {"skip_signature": True}


def _profile(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what the chosen profile says in the two files of the AWS tools, keys before configuration."""
    home = Path(environment.get("HOME") or Path.home())
    name = environment.get("AWS_PROFILE") or environment.get("AWS_DEFAULT_PROFILE") or "default"
    keys = _ini(environment.get("AWS_SHARED_CREDENTIALS_FILE") or home / ".aws" / "credentials")
    config = _ini(environment.get("AWS_CONFIG_FILE") or home / ".aws" / "config")
    section = "default" if name == "default" else f"profile {name}"
    if name != "default" and name not in keys and section not in config:
        raise ArgumentError(f"there is no AWS profile {name!r}; see AWS_PROFILE and ~/.aws/credentials")
    found = dict(config.get(section, {}))
    services = config.get(f"services {found.get('services', '')}", {})
    for nested in (found.pop("s3", ""), services.get("s3", "")):
        lines = (line.partition("=") for line in nested.splitlines())
        found |= {key.strip(): value.strip() for key, _, value in lines if key.strip()}
    return found | keys.get(name, {})


def _ini(path: str | Path) -> dict[str, dict[str, str]]:
    """Return the sections of a file; none where it is not there."""
    reader = configparser.ConfigParser(interpolation=None, strict=False, default_section="\0")
    try:
        reader.read(Path(path).expanduser(), encoding="utf-8")
    except (configparser.Error, UnicodeDecodeError):
        # What the parser says holds the lines that it cannot read, and these may be keys.
        raise ArgumentError(f"{path} is no file of profiles as the AWS tools write them") from None
    return {" ".join(name.split()): dict(reader[name]) for name in reader.sections()}


def _google(environment: Mapping[str, str]) -> Settings:
    home = environment.get("CLOUDSDK_CONFIG") or Path(
        environment.get("HOME") or Path.home(), ".config", "gcloud"
    )
    known = any(environment.get(name) for name in _GOOGLE)
    settings: Settings = {}
    if base := environment.get("GOOGLE_BASE_URL"):
        settings["base_url"] = _server(base, "GOOGLE_BASE_URL")
    if known or Path(home, "application_default_credentials.json").is_file():
        return settings
    return settings | {"skip_signature": True}


def _azure(account: str, environment: Mapping[str, str], address: str) -> Settings:
    connection = environment.get("AZURE_STORAGE_CONNECTION_STRING", "")
    parts = dict(part.partition("=")[::2] for part in connection.split(";"))
    settings: Settings = {name: parts[key] for key, name in _CONNECTION.items() if parts.get(key)}
    known = settings.keys() & {"account_key", "sas_token"} or any(environment.get(name) for name in _AZURE)
    account = (
        account
        or str(settings.get("account_name", ""))
        or environment.get("AZURE_STORAGE_ACCOUNT_NAME", "")
        or environment.get("AZURE_STORAGE_ACCOUNT", "")
    )
    if not account:
        raise ArgumentError(
            f"{without_secrets(address)}: which account? Set AZURE_STORAGE_ACCOUNT_NAME, or write "
            "abfs://CONTAINER@ACCOUNT.dfs.core.windows.net/FOLDER"
        )
    settings["account_name"] = account
    if endpoint := environment.get("AZURE_STORAGE_ENDPOINT"):
        settings["endpoint"] = endpoint
    if "endpoint" in settings:
        settings["endpoint"] = _server(str(settings["endpoint"]), "AZURE_STORAGE_ENDPOINT")
    return settings if known else settings | {"skip_signature": True}


def _one_line(value: str, name: str) -> str:
    """Return a key without the line end that files leave; other signs of that kind would end in a panic."""
    value = value.strip()
    if not (value.isascii() and value.isprintable()):
        raise ArgumentError(f"{name} holds characters that no key has; set it again")
    return value


def _server(address: str, name: str) -> str:
    """Return the address of a server, which a variable holds; a wrong one would end the client by a panic."""
    address = address.strip().rstrip("/")
    if not re.fullmatch(r"https?://[\w.\-:\[\]]+(/[\w./%~-]*)?", address):
        raise ArgumentError(f"{name} is no address of a server; write it as https://HOST or http://HOST:PORT")
    return address


def _yes(word: str) -> bool:
    return word.strip().lower() in ("1", "true", "yes", "on")
