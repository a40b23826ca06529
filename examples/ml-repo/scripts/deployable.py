"""Says whether a completed run is one to deploy: reads what `az ml job show` prints, and prints yes or no, and why.

The route of the bridge looks at experiment and tag already. What it cannot see is whether a run has a parent: the steps
of a pipeline, the trials of a sweep and the children of an AutoML job raise RunCompleted like their parents, inherit
their experiment, and may have their tags. Azure ML shows them without a `type`, which a job of its own always has.
"""

import argparse
import json
import sys

# What Azure ML and MLflow write into properties or tags of a run that belongs to another one.
PARENTS = ("azureml.pipelinerunid", "azureml.parentrunid", "mlflow.parentrunid", "parentrunid")


def parent_of(job):
    """The run that a run belongs to, where its properties or tags name one."""
    for members in (job.get("properties"), job.get("tags")):
        for key, value in members_of(members):
            if key.lower() in PARENTS and value and value != job.get("name"):
                return value
    return None


def members_of(value):
    """The members of an object; none of anything else."""
    return value.items() if isinstance(value, dict) else ()


def why_not(job, run_id, experiment, event_experiment):
    """Why a run is not to be deployed, or None where it is."""
    if job.get("name") != run_id:
        return f"Azure ML showed the run {job.get('name')!r}"
    if job.get("type") != "command":
        return f"it is a child run, or a job of another kind: its type is {job.get('type')!r}, not 'command'"
    parent = parent_of(job)
    if parent is not None:
        return f"it is a child run of {parent!r}"
    for name in (job.get("experiment_name"), event_experiment):
        if name != experiment:
            return f"it belongs to the experiment {name!r}, not {experiment!r}"
    tag = dict(members_of(job.get("tags"))).get("deploy")
    if str(tag).lower() != "true":
        return f"its tag deploy is {tag!r}, not 'true'"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("job", help="a file with what az ml job show printed")
    parser.add_argument("--run-id", required=True, help="the run that the event tells of")
    parser.add_argument("--experiment", required=True, help="the experiment whose runs are deployed")
    parser.add_argument("--event-experiment", required=True, help="the experiment that the event tells of")
    options = parser.parse_args()
    with open(options.job, encoding="utf-8", errors="replace") as file:
        printed = file.read()
    try:
        job = json.loads(printed)
    except ValueError:
        job = None
    if not isinstance(job, dict):
        sys.exit(f"deployable.py: az ml job show printed no JSON object: {printed.strip()[:200] or 'nothing'}")
    reason = why_not(job, options.run_id, options.experiment, options.event_experiment)
    if reason is None and job.get("status") != "Completed":
        sys.exit(f"deployable.py: the run is {job.get('status')!r}, not 'Completed': run this workflow again")
    print("yes" if reason is None else f"no: {reason}")


if __name__ == "__main__":
    main()
