"""Deploys a version of the model, whatever an earlier run has left behind, and makes sure that requests reach it.

Prints `yes` when the endpoint's deployment runs the version, and `no: REASON` when a newer model is live. What it does
meanwhile goes to standard error. With `--run-id` the version is the model of that training run, and it does not replace
the model of a later run. Without it a person has asked, and nothing is compared.
"""

import argparse
import datetime
import re
import sys
import time

from azure import Failure, az, az_find, main_of, text
from models import order_of, version_in, versions_of

# The states in which Azure ML still works on an endpoint or a deployment, and those in which its work has failed.
BUSY = ("creating", "updating", "scaling", "deleting", "provisioning")
FAILED = ("failed", "canceled")
POLL_SECONDS = 20
# Longer than Azure ML needs to build an image and start a machine.
MAX_POLLS = 150


def say(words):
    print(words, file=sys.stderr, flush=True)


class Target:
    """One deployment of one endpoint, as Azure ML shows it."""

    def __init__(self, options, pause=time.sleep):
        self.options = options
        self.pause = pause
        self.endpoint_name = ("--name", options.endpoint)
        self.names = ("--name", options.deployment, "--endpoint-name", options.endpoint)

    def endpoint(self):
        """The endpoint, when Azure ML no longer works on it; None if it does not exist."""
        return self._settled("endpoint", "ml", "online-endpoint", "show", *self.endpoint_name)

    def deployment(self):
        """The deployment, as `endpoint`."""
        return self._settled("deployment", "ml", "online-deployment", "show", *self.names)

    def _settled(self, what, *show):
        for _ in range(MAX_POLLS):
            shown = az_find(*show)
            if shown is None:
                return None
            text(shown, what, dict)
            if state_of(shown) not in BUSY:
                return shown
            say(f"The {what} is {shown['provisioning_state']}: waiting for the end of that")
            self.pause(POLL_SECONDS)
        raise Failure(f"Azure ML still works on the {what}. Run the failed job again later")

    def share(self, endpoint):
        """The deployment's share of the traffic, in percent."""
        return traffic_of(endpoint).get(self.options.deployment.lower(), 0)


def state_of(shown):
    state = shown.get("provisioning_state")
    return state.lower() if isinstance(state, str) else ""


def traffic_of(endpoint):
    """The deployments that get requests, as `{"blue": 100}`. Azure ML writes their names in small letters."""
    shares = endpoint.get("traffic") or {}
    if not isinstance(shares, dict):
        raise Failure(f"the answer of Azure has no usable traffic: {shares!r}")
    try:
        shares = {name.lower(): 0 if share is None else int(share) for name, share in shares.items()}
    except (TypeError, ValueError):
        raise Failure(f"the answer of Azure has no usable traffic: {shares!r}") from None
    return {name: share for name, share in shares.items() if share > 0}


def why_not(options, deployment):
    """Why the version must not replace the live one, or None."""
    live = version_in(deployment, options.model)
    if live is None or live == options.version:
        return None
    versions = versions_of(options.model)
    ours, theirs = submitted_at(options.run_id), submitted_at(versions.get(live))
    if ours is None or theirs is None or ours == theirs:
        # Versions are counted in the order in which models were registered, which says less than the runs do.
        is_older = order_of(options.version) < order_of(live)
    else:
        is_older = ours < theirs
    return f"the endpoint has version {live} of {options.model} already, which is newer" if is_older else None


def submitted_at(run_id):
    """When a training run was submitted; None if Azure ML does not know."""
    job = az_find("ml", "job", "show", "--name", run_id) if run_id else None
    context = job.get("creation_context") if isinstance(job, dict) else None
    return time_of(context.get("created_at")) if isinstance(context, dict) else None


def time_of(value):
    """A time with any number of digits after the second; None if the text is no time. Without a zone it is UTC."""
    form = r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:\.(\d+))?(Z|[+-]\d\d:\d\d)?"
    found = re.fullmatch(form, value, re.ASCII) if isinstance(value, str) else None
    if found is None:
        return None
    day, second, fraction, zone = found.groups()
    zone = "+00:00" if zone in (None, "Z") else zone
    try:
        return datetime.datetime.fromisoformat(f"{day}T{second}.{(fraction or '0')[:6].ljust(6, '0')}{zone}")
    except ValueError:
        return None


def make_endpoint(target):
    """The endpoint. One whose creation failed is made again; one that has a deployment is never deleted."""
    endpoint = target.endpoint()
    # The CLI lists each deployment in `traffic`, those without requests with 0.
    if endpoint is not None and state_of(endpoint) in FAILED and not endpoint.get("traffic"):
        say(f"Deleting the endpoint {target.options.endpoint}: its creation failed, and it has no deployment")
        az("ml", "online-endpoint", "delete", *target.endpoint_name, "--yes", "--output", "none")
        endpoint = target.endpoint()
    if endpoint is None:
        say(f"Creating the endpoint {target.options.endpoint}")
        file = ("--file", target.options.endpoint_file)
        az("ml", "online-endpoint", "create", *file, *target.endpoint_name, "--output", "none")
    return present(target)


def present(target):
    """The endpoint, which has been created before."""
    endpoint = target.endpoint()
    if endpoint is None:
        raise Failure(f"the endpoint {target.options.endpoint} does not exist, although it was created")
    return endpoint


def make_deployment(target, deployment, share):
    """Brings the deployment to the version. One that failed and gets no requests is made anew."""
    options = target.options
    if deployment is not None and state_of(deployment) in FAILED and share == 0:
        say(f"Deleting the deployment {options.deployment}: it failed, and it gets no requests")
        try:
            az("ml", "online-deployment", "delete", *target.names, "--yes", "--output", "none")
        except Failure as failure:
            say(f"::warning::The failed deployment could not be deleted, and is updated instead: {failure}")
        deployment = target.deployment()
    verb = "create" if deployment is None else "update"
    say(f"{verb.capitalize()} the deployment {options.deployment} with version {options.version}. It takes ten minutes")
    try:
        az(
            *("ml", "online-deployment", verb, "--file", options.deployment_file, *target.names),
            *("--set", f"model=azureml:{options.model}:{options.version}", "--output", "none"),
        )
        check_deployment(target.deployment(), options)
    except Failure:
        show_log(target)
        raise


def check_deployment(deployment, options):
    """Makes sure that Azure ML runs what it was asked for."""
    if deployment is None:
        raise Failure(f"the deployment {options.deployment} does not exist after it was deployed")
    if state_of(deployment) != "succeeded":
        raise Failure(f"the deployment {options.deployment} is {deployment.get('provisioning_state')!r}, not 'Succeeded'")
    runs = version_in(deployment, options.model)
    if runs is None:
        say(f"::warning::Azure ML does not say which version runs, but {deployment.get('model')!r}")
    elif runs != options.version:
        raise Failure(f"the deployment {options.deployment} runs version {runs}, not {options.version}")


def show_log(target):
    """The end of the container's log, which says why a deployment failed. None at all is no failure of its own."""
    try:
        log = az("ml", "online-deployment", "get-logs", *target.names, "--lines", "50")
    except Failure:
        return
    say(f"The log of the deployment ends so:\n{log.strip()[-4000:]}")


def route(target):
    """Makes sure that requests reach the deployment. A split that a person has made stays."""
    endpoint = present(target)
    shares = traffic_of(endpoint)
    name = target.options.deployment
    if target.share(endpoint) > 0:
        return
    if shares:
        say(f"::warning::The deployment {name} gets no requests: the traffic of the endpoint is {shares}. It stays so")
        return
    say(f"Sending all requests to the deployment {name}")
    az("ml", "online-endpoint", "update", *target.endpoint_name, "--traffic", f"{name}=100", "--output", "none")
    if target.share(present(target)) == 0:
        raise Failure(f"the endpoint {target.options.endpoint} sends no requests to {name}, although it was told to")


def deploy(target):
    """Deploys; why not, or None. Every step may be repeated: it looks at what is there first."""
    options = target.options
    share = target.share(make_endpoint(target))
    deployment = target.deployment()
    is_there = deployment is not None and (share > 0 or state_of(deployment) not in FAILED)
    reason = why_not(options, deployment) if options.run_id and is_there else None
    if reason is None:
        make_deployment(target, deployment, share)
        route(target)
    elif state_of(deployment) == "succeeded":
        # The run that deployed the newer model may have been cancelled before it came to this.
        route(target)
    return reason


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoint", required=True, help="the name of the endpoint")
    parser.add_argument("--endpoint-file", required=True, help="what it is made of")
    parser.add_argument("--deployment", required=True, help="the name of its deployment")
    parser.add_argument("--deployment-file", required=True, help="what that is made of")
    parser.add_argument("--model", required=True, help="the name of the model")
    parser.add_argument("--version", required=True, help="its version")
    parser.add_argument("--run-id", default="", help="the training run of that version, if an event has asked")
    reason = deploy(Target(parser.parse_args()))
    print("yes" if reason is None else f"no: {reason}")


if __name__ == "__main__":
    main_of("deploy_model.py", main)
