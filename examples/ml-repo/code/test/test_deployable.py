import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from deployable import why_not

JOB = {
    "name": "gd-1",
    "type": "command",
    "experiment_name": "article-topics",
    "tags": {"deploy": "true"},
    "properties": {"azureml.git.branch": "main"},
    "status": "Completed",
}


def reason(event_experiment="article-topics", **changes):
    return why_not({**JOB, **changes}, "gd-1", "article-topics", event_experiment)


class Deployable(unittest.TestCase):
    def test_takes_the_run_of_the_training_job(self):
        self.assertIsNone(reason())
        self.assertIsNone(reason(tags={"deploy": "True"}, properties=None))

    def test_leaves_out_what_azure_ml_shows_without_a_type_as_it_shows_child_runs(self):
        child = {key: value for key, value in JOB.items() if key != "type"}
        self.assertIn("child run", why_not(child, "gd-1", "article-topics", "article-topics"))

    def test_leaves_out_the_parent_of_children_and_jobs_of_other_kinds(self):
        for kind in ("pipeline", "sweep", "automl"):
            self.assertIn(kind, reason(type=kind))

    def test_leaves_out_a_run_that_names_a_parent(self):
        self.assertIn("child run of 'p-1'", reason(properties={"azureml.pipelinerunid": "p-1"}))
        self.assertIn("child run of 'p-1'", reason(tags={"deploy": "true", "mlflow.parentRunId": "p-1"}))

    def test_leaves_out_other_experiments_whoever_names_them(self):
        self.assertIn("'other'", reason(experiment_name="other"))
        self.assertIn("'other'", reason(event_experiment="other"))

    def test_leaves_out_a_run_without_the_tag(self):
        self.assertIn("tag deploy is None", reason(tags=None))
        self.assertIn("tag deploy is 'false'", reason(tags={"deploy": "false"}))

    def test_leaves_out_another_run_than_the_event_tells_of(self):
        self.assertIn("'gd-2'", reason(name="gd-2"))


if __name__ == "__main__":
    unittest.main()
