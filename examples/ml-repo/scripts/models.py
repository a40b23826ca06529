"""Versions of the registered model: finds the one of a training run, registers it, or chooses one to deploy.

    models.py register   prints the version that holds the model of a run; registers it if there is none
    models.py choose     prints the version to deploy when no run asks: the given one, the live one, or the newest one;
                         `none: REASON` if there is nothing to deploy
"""

import argparse
import re

from azure import Failure, NoWorkspace, az_find, az_json, main_of, text


def versions_of(model):
    """The run of each registered version, as `{"7": "gd-…"}`; an empty text for a version without a run."""
    listed = az_find("ml", "model", "list", "--name", model)
    if listed is None:
        return {}
    text(listed, f"list of versions of {model}", list)
    versions = {}
    for entry in listed:
        if not isinstance(entry, dict):
            raise Failure(f"the list of versions of {model} has an entry that is no model: {entry!r}")
        tags = entry.get("tags")
        run = tags.get("run_id") if isinstance(tags, dict) else None
        versions[version_text(entry.get("version"))] = run if isinstance(run, str) else ""
    return versions


def version_text(value):
    """A version as text; the CLI shows some as numbers. It goes into the outputs of a step, so it is one plain word."""
    version = text(str(value) if isinstance(value, int) else value, "version of a model")
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", version) is None:
        raise Failure(f"the answer of Azure has no usable version of a model: {version!r}")
    return version


def newest(versions):
    """The highest of some versions: numbers by their size, other texts after each other."""
    return max(versions, key=order_of, default=None)


def order_of(version):
    """What versions are sorted by: Azure ML counts them, and a team may also give a text."""
    return (1, int(version), "") if version.isdecimal() else (0, 0, version)


def version_in(deployment, model):
    """The version of the model that a deployment runs; None if it runs another model."""
    reference = deployment.get("model") if isinstance(deployment, dict) else None
    # az shows `azureml:/subscriptions/…/models/NAME/versions/7`, and a file names `azureml:NAME:7`.
    found = re.search(r"(?:/models/|^(?:azureml:)?)([^/:]+)(?:/versions/|:)([^/:]+)$", str(reference))
    return found[2] if found is not None and found[1] == model else None


def register(model, run_id, output):
    """The version that holds the model of a run. One run has one version, whatever was repeated."""
    same_run = [version for version, run in versions_of(model).items() if run == run_id]
    if same_run:
        return newest(same_run)
    made = az_json(
        *("ml", "model", "create", "--name", model, "--type", "custom_model", "--tags", f"run_id={run_id}"),
        *("--path", f"azureml://jobs/{run_id}/outputs/{output}"),
    )
    return version_text(made.get("version") if isinstance(made, dict) else None)


def choose(model, endpoint, deployment, version):
    """The version to deploy. Raises Failure if a given version is not registered, NoWorkspace as `az_find`."""
    versions = versions_of(model)
    if version:
        if version not in versions:
            there = ", ".join(sorted(versions, key=order_of)[-20:]) or "none"
            raise Failure(f"{model} has no version {version!r}. Its versions: {there}")
        return version
    shown = az_find("ml", "online-deployment", "show", "--name", deployment, "--endpoint-name", endpoint)
    return version_in(shown, model) or newest(versions)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    registering = commands.add_parser("register")
    registering.add_argument("--model", required=True, help="the name of the model")
    registering.add_argument("--run-id", required=True, help="the training run")
    registering.add_argument("--output", required=True, help="the output of the run that is the model")
    choosing = commands.add_parser("choose")
    choosing.add_argument("--model", required=True, help="the name of the model")
    choosing.add_argument("--endpoint", required=True, help="the endpoint")
    choosing.add_argument("--deployment", required=True, help="its deployment")
    choosing.add_argument("--version", default="", help="the version that was asked for by hand")
    options = parser.parse_args()
    if options.command == "register":
        print(register(options.model, options.run_id, options.output))
        return
    try:
        version = choose(options.model, options.endpoint, options.deployment, options.version)
    except NoWorkspace:
        print("none: the workspace does not exist yet. Set up creates it")
        return
    print(version or f"none: no version of {options.model} is registered yet. The first completed training run makes one")


if __name__ == "__main__":
    main_of("models.py", main)
