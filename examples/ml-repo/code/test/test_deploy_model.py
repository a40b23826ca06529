import argparse
import pathlib
import sys
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import deploy_model
import models
from azure import Failure
from deploy_model import BUSY, MAX_POLLS, Target, time_of, traffic_of
from models import newest, order_of, version_in, versions_of

OPTIONS = argparse.Namespace(endpoint="article-topics", deployment="Blue", model="article-topics", version="7")


def showing(*answers):
    """Shows these answers one after the other, and the last one for ever."""
    left = list(answers)
    return mock.patch.object(deploy_model, "az_find", lambda *_: left.pop(0) if len(left) > 1 else left[0])


class Waiting(unittest.TestCase):
    def setUp(self):
        self.pauses = []
        quiet = mock.patch.object(deploy_model, "say")
        quiet.start()
        self.addCleanup(quiet.stop)
        self.target = Target(OPTIONS, self.pauses.append)

    def test_goes_on_when_azure_ml_has_ended_its_work(self):
        states = [{"provisioning_state": state.capitalize()} for state in BUSY]
        with showing(*states, {"provisioning_state": "Succeeded"}):
            self.assertEqual(self.target.deployment(), {"provisioning_state": "Succeeded"})
        self.assertEqual(len(self.pauses), len(BUSY))

    def test_takes_what_was_deleted_meanwhile_for_missing(self):
        with showing({"provisioning_state": "Deleting"}, None):
            self.assertIsNone(self.target.endpoint())

    def test_ends_at_last(self):
        with showing({"provisioning_state": "Updating"}), self.assertRaisesRegex(Failure, "still works on the endpoint"):
            self.target.endpoint()
        self.assertEqual(len(self.pauses), MAX_POLLS)

    def test_refuses_a_list(self):
        with showing([]), self.assertRaisesRegex(Failure, "no usable endpoint"):
            self.target.endpoint()


class Traffic(unittest.TestCase):
    def test_is_what_deployments_get_by_their_names_in_small_letters(self):
        self.assertEqual(traffic_of({"traffic": {"Blue": 90, "green": "10", "red": 0, "grey": None}}), {"blue": 90, "green": 10})
        self.assertEqual(Target(OPTIONS).share({"traffic": {"blue": 90}}), 90)
        for nothing in ({}, {"traffic": None}, {"traffic": {}}):
            self.assertEqual(traffic_of(nothing), {})

    def test_refuses_anything_else(self):
        for traffic in ("blue", [1], {"blue": "many"}, {"blue": {}}, 5):
            with self.assertRaisesRegex(Failure, "no usable traffic"):
                traffic_of({"traffic": traffic})


class Times(unittest.TestCase):
    def test_are_compared_with_any_number_of_digits_and_any_zone(self):
        earlier = time_of("2026-11-28T10:00:00.1234567Z")
        self.assertLess(earlier, time_of("2026-11-28T10:00:00.9+00:00"))
        self.assertLess(earlier, time_of("2026-11-28T10:00:01"))
        self.assertLess(time_of("2026-11-28T11:30:00+02:00"), earlier)

    def test_are_none_where_the_text_is_none(self):
        for text in (None, "", 5, "yesterday", "2026-13-28T10:00:00Z", "2026-11-28"):
            self.assertIsNone(time_of(text))


class Versions(unittest.TestCase):
    def test_are_read_from_every_form_of_a_reference(self):
        workspace = "/subscriptions/s/resourceGroups/g/providers/Microsoft.MachineLearningServices/workspaces/w"
        for reference in (f"azureml:{workspace}/models/m/versions/7", f"{workspace}/models/m/versions/7", "azureml:m:7", "m:7"):
            self.assertEqual(version_in({"model": reference}, "m"), "7")
        for reference in (None, "", 7, "azureml:other:7", "azureml:m@latest", {"path": "m"}, "azureml:mm:7", "7"):
            self.assertIsNone(version_in({"model": reference}, "m"))
        self.assertIsNone(version_in(None, "m"))

    def test_are_ordered_by_their_numbers(self):
        self.assertEqual(newest(["9", "10", "a"]), "10")
        self.assertLess(order_of("a"), order_of("1"))
        self.assertIsNone(newest([]))

    def test_are_listed_with_their_runs(self):
        listed = [{"version": 1, "tags": {"run_id": "gd-1"}}, {"version": "2", "tags": None}, {"version": "3", "tags": {"run_id": 5}}]
        with mock.patch.object(models, "az_find", lambda *_: listed):
            self.assertEqual(versions_of("m"), {"1": "gd-1", "2": "", "3": ""})
        for strange in ([5], [{"version": None}], [{"version": "7\nx=y"}], [{"tags": {}}], {"version": "1"}):
            with mock.patch.object(models, "az_find", lambda *_, strange=strange: strange), self.assertRaises(Failure):
                versions_of("m")


if __name__ == "__main__":
    unittest.main()
