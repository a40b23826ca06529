"""Prints the folder that a training job is to read, as a path that Azure ML understands.

The client payload comes in the environment variable PAYLOAD. It tells of one storage event, or of many: then it holds
them itself, or names a manifest that does. What the job reads is the folder that all of them lie in:

    https://contosoarticles.blob.core.windows.net/articles/2026/03/a.csv
    → wasbs://articles@contosoarticles.blob.core.windows.net/2026/03/

Whoever may write an event writes this text. So nothing of it is used but the folder, and only if account and container
are those that this repository names, and the folder is of plain characters. The login of the workflow is shown to the
payload container alone.
"""

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile

# Of a folder's path: nothing that a shell, a URL or an Azure ML expression would read as more than a letter.
PLAIN_FOLDER = re.compile(r"[A-Za-z0-9._=~-]+(?:/[A-Za-z0-9._=~-]+)*", re.ASCII)
# A storage account's blob and Data Lake addresses, in Azure's public and national clouds.
HOST = r"{account}\.(?P<service>blob|dfs)\.(?P<cloud>core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn)"
# The bridge's own blobs: manifests/KEY.jsonl and payloads/KEY-HASH.json, with hexadecimal names.
BRIDGE_BLOB = re.compile(r"/(?:manifests/[0-9a-f]{32}\.jsonl|payloads/[0-9a-f]{32}-[0-9a-f]+\.json)", re.ASCII)
# Events about a directory itself. All others are about something in one.
ABOUT_A_DIRECTORY = ("microsoft.storage.directoryrenamed", "microsoft.storage.directorycreated")


class Refused(Exception):
    """A payload that no training job comes of, and why."""


def events_of(payload, read_blob):
    """The events that a payload tells of, each with `type` and `data`."""
    data = payload.get("data")
    if not isinstance(data, dict):
        raise Refused("the payload has no data")
    if isinstance(data.get("manifest"), dict):
        return [json.loads(line) for line in read_blob(data["manifest"]).splitlines() if line.strip()]
    if isinstance(data.get("events"), list):
        return data["events"]
    if isinstance(data.get("reference"), dict):
        data = json.loads(read_blob(data["reference"]))
    return [{"type": payload.get("type"), "data": data}]


def address_of(event):
    """Where an event's blob or directory lies now: for a rename where it went."""
    data = event.get("data") if isinstance(event, dict) else None
    address = (data.get("destinationUrl") or data.get("url")) if isinstance(data, dict) else None
    if not isinstance(address, str):
        raise Refused("an event names no blob")
    return address


def place_of(event, account, container):
    """The service (`blob` or `dfs`), the cloud, and the folders of an event, outermost first."""
    address = address_of(event)
    start = HOST.format(account=re.escape(account)) + "/" + re.escape(container) + "/"
    found = re.match("https://" + start, address, re.ASCII)
    if found is None:
        raise Refused(f"{address!r} is not in the container {container} of {account}")
    path = address[found.end() :]
    is_directory = str(event.get("type")).lower() in ABOUT_A_DIRECTORY
    folder = path.rstrip("/") if is_directory else path.rpartition("/")[0]
    names = folder.split("/") if folder else []
    if folder and (PLAIN_FOLDER.fullmatch(folder) is None or "." in names or ".." in names):
        raise Refused(f"{folder!r}: the name of a folder may have letters, digits and - . _ = ~ only")
    return found["service"], found["cloud"], names


def common_folder(folders):
    """What several paths begin with, name by name."""
    shared = []
    for names in zip(*folders):
        if len(set(names)) > 1:
            break
        shared.append(names[0])
    return shared


def data_path(payload, account, container, read_blob):
    """The Azure ML path of the folder that all events of the payload lie in."""
    places = [place_of(event, account, container) for event in events_of(payload, read_blob)]
    if not places:
        raise Refused("the payload tells of no event")
    # A Data Lake account raises events with addresses of either kind, and is best read by its own.
    service = "dfs" if any(service == "dfs" for service, _, _ in places) else "blob"
    scheme = "abfss" if service == "dfs" else "wasbs"
    folder = "".join(name + "/" for name in common_folder([names for _, _, names in places]))
    return f"{scheme}://{container}@{account}.{service}.{places[0][1]}/{folder}"


def blob_reader(payload_container):
    """Downloads what the bridge has written into its payload container, and makes sure that it is that."""

    def read_blob(reference):
        url, digest = str(reference.get("url")), reference.get("sha256")
        own = payload_container.rstrip("/")
        if not own.startswith("https://"):
            raise Refused("payload_container_url in .cloud/.azure/run.json is no address: setup.yml prints it")
        if not url.startswith(own + "/") or BRIDGE_BLOB.fullmatch(url[len(own) :]) is None:
            raise Refused(f"{url!r} is none of the bridge's blobs in {own}")
        with tempfile.TemporaryDirectory() as folder:
            file = os.path.join(folder, "blob")
            command = ["az", "storage", "blob", "download", "--auth-mode", "login"]
            subprocess.run([*command, "--blob-url", url, "--file", file, "--output", "none"], check=True)
            with open(file, "rb") as blob:
                content = blob.read()
        if hashlib.sha256(content).hexdigest() != digest:
            raise Refused(f"{url!r} is not what the bridge wrote: its SHA-256 is another one")
        return content.decode("utf-8")

    return read_blob


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--account", required=True, help="the storage account that data may lie in")
    parser.add_argument("--container", required=True, help="its container")
    parser.add_argument("--payload-container", default="", help="the URL of the bridge's container for payloads")
    options = parser.parse_args()
    try:
        payload = json.loads(os.environ["PAYLOAD"])
        print(data_path(payload, options.account, options.container, blob_reader(options.payload_container)))
    except Refused as why:
        sys.exit(f"data_path.py: {why}")


if __name__ == "__main__":
    main()
