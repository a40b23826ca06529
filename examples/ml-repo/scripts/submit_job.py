"""Submits a training job under a name, unless a job of that name does the work already. Prints what it did.

GitHub may start two runs for one event. Both ask for the same name, and the second one finds the job. A job that failed
or was cancelled does not count: the next one is submitted as NAME-2, and so on, since Azure ML keeps a name for ever.
"""

import argparse

from azure import Failure, az, az_find, main_of, text

GIVEN_UP = ("failed", "canceled", "notresponding")
MAX_TRIES = 20


def free_name(name):
    """The first name without a job that counts; None with the job that counts."""
    for number in range(1, MAX_TRIES + 1):
        candidate = name if number == 1 else f"{name}-{number}"
        job = az_find("ml", "job", "show", "--name", candidate)
        if job is None:
            return candidate, None
        status = text(job.get("status") if isinstance(job, dict) else None, f"status of the job {candidate}")
        if status.lower() not in GIVEN_UP:
            return None, f"The job {candidate} is {status}"
    raise Failure(f"{MAX_TRIES} jobs failed for this event, the last one {candidate}: look at them in Azure ML studio")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--name", required=True, help="the name of the job")
    parser.add_argument("--file", required=True, help="what it is made of")
    parser.add_argument("--experiment", required=True, help="the experiment that it belongs to")
    parser.add_argument("--data-path", default="", help="the folder that it reads; without one, that of the file")
    options = parser.parse_args()
    name, there = free_name(options.name)
    if name is None:
        print(f"{there}: nothing to do")
        return
    settings = [f"experiment_name={options.experiment}"]
    if options.data_path:
        settings.append(f"inputs.data.path={options.data_path}")
    az("ml", "job", "create", "--file", options.file, "--name", name, "--set", *settings, "--output", "none")
    print(f"Submitted the job {name}, on {options.data_path or 'the data of this repository'}")


if __name__ == "__main__":
    main_of("submit_job.py", main)
