"""Prints the folder that a training job is to read, as a path that Azure ML understands.

The storage events come in a file, one a line, as the action receive-event writes it. What the job reads is the folder
that all of them lie in:

    https://contosoarticles.blob.core.windows.net/articles/2026/03/a.csv
    → wasbs://articles@contosoarticles.blob.core.windows.net/2026/03/

Whoever may write an event writes this text. So nothing of it is used but the folder, and only if account and container
are those that this repository names, and the folder is of plain characters.
"""

import argparse
import json
import re
import sys

# Of a folder's path: nothing that a shell, a URL or an Azure ML expression would read as more than a letter.
PLAIN_FOLDER = re.compile(r"[A-Za-z0-9._=~-]+(?:/[A-Za-z0-9._=~-]+)*", re.ASCII)
# A storage account's blob and Data Lake addresses, in Azure's public and national clouds.
HOST = r"{account}\.(?P<service>blob|dfs)\.(?P<cloud>core\.windows\.net|core\.usgovcloudapi\.net|core\.chinacloudapi\.cn)"
# Events about a directory itself. All others are about something in one.
ABOUT_A_DIRECTORY = ("microsoft.storage.directoryrenamed", "microsoft.storage.directorycreated")


class Refused(Exception):
    """Events that no training job comes of, and why."""


def address_of(event):
    """Where an event's blob or directory lies now: for a rename where it went."""
    data = event.get("data") if isinstance(event, dict) else None
    address = (data.get("destinationUrl") or data.get("url")) if isinstance(data, dict) else None
    if not isinstance(address, str):
        raise Refused("an event names no blob")
    return address


def is_lost(event):
    """Whether a line stands for an event that the bridge's storage has lost: nothing is known of it but why."""
    data = event.get("data") if isinstance(event, dict) else None
    return isinstance(data, dict) and list(data) == ["lost"]


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


def data_path(events, account, container):
    """The Azure ML path of the folder that all events lie in."""
    places = [place_of(event, account, container) for event in events if not is_lost(event)]
    if not places:
        raise Refused("there is no event")
    # A Data Lake account raises events with addresses of either kind, and is best read by its own.
    service = "dfs" if any(service == "dfs" for service, _, _ in places) else "blob"
    scheme = "abfss" if service == "dfs" else "wasbs"
    folder = "".join(name + "/" for name in common_folder([names for _, _, names in places]))
    return f"{scheme}://{container}@{account}.{service}.{places[0][1]}/{folder}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--account", required=True, help="the storage account that data may lie in")
    parser.add_argument("--container", required=True, help="its container")
    parser.add_argument("events", help="the file with the events")
    options = parser.parse_args()
    try:
        # Not split by `splitlines`, which takes more characters for the end of a line than JSON does.
        with open(options.events, encoding="utf-8", newline="\n") as lines:
            events = [json.loads(line) for line in lines]
        lost = sum(map(is_lost, events))
        if lost > 0:
            print(f"::warning::The bridge has lost the content of {lost} events. Their folder is unknown", file=sys.stderr)
        print(data_path(events, options.account, options.container))
    except Refused as why:
        sys.exit(f"data_path.py: {why}")


if __name__ == "__main__":
    main()
