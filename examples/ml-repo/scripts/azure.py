"""Runs the Azure CLI for the other scripts, and tells a resource that does not exist from every other failure.

`az … show` fails in the same way for a missing resource, an expired login and a missing role. A script that takes every
failure for "it does not exist" creates things twice, or ends green although nothing was done.
"""

import json
import re
import subprocess
import sys

# The exit code of `az` for a resource that does not exist, and the words of its messages. Other exit codes say nothing.
NOT_FOUND_STATUS = 3
NOT_FOUND = re.compile(r"not ?found|could not be found|does not exist", re.IGNORECASE)
# Messages with such words that are about something else than the resource which was asked for.
NOT_THE_RESOURCE = re.compile(
    r"AADSTS\d+|(?:Subscription|Tenant|ResourceGroup|Provider)\w*NotFound|not registered|authorization|forbidden",
    re.IGNORECASE,
)

# A workspace that does not exist: then whatever was asked for does not exist, and cannot be created either.
NO_WORKSPACE = re.compile(r"MachineLearningServices/workspaces/[^/'\s]+' under resource group", re.IGNORECASE)

# What a failure means, by the words of Azure's message, and how to repair it. The first one that fits is shown.
REPAIRS = (
    (
        NO_WORKSPACE.pattern,
        "The workspace does not exist yet. Wait until the workflow Set up has succeeded, and start this workflow again",
    ),
    (
        r"AADSTS700024",
        "The login is older than five minutes, and this command needs a token that was not fetched before. "
        "Run the failed job again",
    ),
    (
        r"AADSTS70021|AADSTS700213",
        "The identity has no federated credential for this repository and branch: README.md, step 2",
    ),
    (
        r"az login|AADSTS\d+|Expired\w*Token|token (?:has |is )?expired",
        "The login is missing or has expired. Run the failed job again",
    ),
    (
        r"MissingSubscriptionRegistration|SubscriptionNotRegistered|not registered|NoRegisteredProviderFound",
        "A resource provider is not registered in this subscription: README.md, step 2",
    ),
    (
        r"AuthorizationPermissionMismatch|AuthorizationFailure",
        "The identity has no role on the data of the storage account: README.md, step 2. "
        "A new role can take ten minutes before it counts",
    ),
    (
        r"AuthorizationFailed|does not have authorization|Forbidden|LinkedAuthorizationFailed",
        "The identity lacks a role: README.md, step 2. A new role can take ten minutes before it counts",
    ),
    (
        r"quota",
        "The subscription has too few cores for this virtual machine in this region. Ask for more quota in the portal, "
        "or choose another instance_type in code/deploy/deployment.yml",
    ),
    (
        r"already (?:taken|in use)|already an endpoint with this name",
        "The name is in use in this region: choose another endpoint_name in .cloud/.azure/deploy.json",
    ),
)


class Failure(Exception):
    """What ends a script, in words for the person who reads the log."""


class NoWorkspace(Failure):
    """The workspace itself does not exist."""


def az(*arguments):
    """What `az` prints. Raises Failure with its message, and the repair where one is known."""
    status, printed, message = run(arguments)
    if status != 0:
        raise Failure(explain(arguments, status, message))
    return printed


def az_json(*arguments):
    """What `az` prints, read as JSON."""
    return read_json(arguments, az(*arguments, "--output", "json"))


def az_find(*arguments):
    """As `az_json`, for a command that shows a resource: None if Azure says that the resource does not exist."""
    printed = az_find_text(*arguments, "--output", "json")
    return None if printed is None else read_json(arguments, printed)


def az_find_text(*arguments):
    """As `az_find`, for a command that prints no JSON."""
    status, printed, message = run(arguments)
    if status == 0:
        return printed.strip()
    if not is_not_found(status, message):
        raise Failure(explain(arguments, status, message))
    if NO_WORKSPACE.search(message):
        raise NoWorkspace(explain(arguments, status, message))
    return None


def is_not_found(status, message):
    """Whether a failed command says that the resource does not exist."""
    if NOT_THE_RESOURCE.search(message):
        return False
    return status == NOT_FOUND_STATUS or NOT_FOUND.search(message) is not None


def text(value, what, kind=str):
    """A member of an answer, or a Failure that names it where it is missing or of another kind."""
    if not isinstance(value, kind) or value == "":
        raise Failure(f"the answer of Azure has no usable {what}: {json.dumps(value)}")
    return value


def explain(arguments, status, message):
    """A failed command in a few lines: what failed, what Azure says, and what to do."""
    said = message.strip()[-2000:] or "it gave no reason"
    lines = [f"{name_of(arguments)} failed with exit code {status}: {said}"]
    repair = next((repair for words, repair in REPAIRS if re.search(words, message, re.IGNORECASE)), None)
    return "\n".join([*lines, *([f"→ {repair}."] if repair else [])])


def name_of(arguments):
    """A command without its options, such as `az ml job show`."""
    words = []
    for argument in arguments:
        if argument.startswith("-"):
            break
        words.append(argument)
    return " ".join(["az", *words])


def run(arguments):
    """The exit code, the output and the error output of a command."""
    try:
        ended = subprocess.run(["az", *arguments], capture_output=True, encoding="utf-8", errors="replace", check=False)
    except FileNotFoundError:
        raise Failure("the Azure CLI (az) is not installed") from None
    return ended.returncode, ended.stdout, ended.stderr


def read_json(arguments, printed):
    """An object or a list."""
    try:
        value = json.loads(printed)
    except ValueError:
        value = None
    if not isinstance(value, (dict, list)):
        short = printed.strip()[:200] or "nothing"
        raise Failure(f"{name_of(arguments)} printed no JSON object: {short}")
    return value


def main_of(script, main):
    """Runs the main function of a script; a Failure becomes one message and exit code 1."""
    try:
        main()
    except Failure as failure:
        sys.exit(f"{script}: {failure}")
