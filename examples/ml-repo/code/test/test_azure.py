import pathlib
import sys
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

import azure
from azure import Failure, NoWorkspace, az, az_find, az_find_text, az_json


def answering(status=0, printed="", message=""):
    """Puts one answer in the place of the Azure CLI."""
    return mock.patch.object(azure, "run", lambda arguments: (status, printed, message))


class Find(unittest.TestCase):
    def test_takes_what_azure_calls_not_found_for_missing(self):
        for status, message in [
            (3, ""),
            (3, "ERROR: (ResourceNotFound) The specified resource was not found."),
            (1, "(UserError) Deployment blue not found in endpoint article-topics, workspace contoso-ml"),
            (3, "(DeploymentNotFound) Deployment 'main' could not be found."),
            (1, "The Resource '…/workspaces/ml/onlineEndpoints/e' under resource group 'g' was not found."),
        ]:
            with answering(status, message=message):
                self.assertIsNone(az_find("ml", "job", "show"))
                self.assertIsNone(az_find_text("ml", "job", "show"))

    def test_takes_no_other_failure_for_missing(self):
        for message in [
            "",
            "AADSTS700024: Client assertion is not within its valid time range. The resource was not found",
            "(AuthorizationFailed) does not have authorization …",
            "(ResourceGroupNotFound) Resource group 'g' could not be found.",
            "(SubscriptionNotFound) The subscription 's' could not be found.",
            "(MissingSubscriptionRegistration) The subscription is not registered to use namespace 'x'",
            "Failed to establish a new connection: Name or service not known",
            "(TooManyRequests) Rate limit exceeded",
        ]:
            for status in (1, 2):
                with answering(status, message=message), self.assertRaises(Failure):
                    az_find("ml", "job", "show")
        # Azure's own exit code for what is missing, though it is the group that is missing.
        with answering(3, message="(ResourceGroupNotFound) …"), self.assertRaises(Failure):
            az_find("deployment", "group", "show")

    def test_tells_a_missing_workspace_from_a_missing_part_of_it(self):
        message = "The Resource 'Microsoft.MachineLearningServices/workspaces/ml' under resource group 'g' was not found."
        with answering(3, message=message), self.assertRaisesRegex(NoWorkspace, "Wait until the workflow Set up"):
            az_find("ml", "online-endpoint", "show")


class Answers(unittest.TestCase):
    def test_reads_objects_and_lists(self):
        with answering(printed='\n{"a": 1}\n'):
            self.assertEqual(az_json("ml", "job", "show", "--name", "x"), {"a": 1})
        with answering(printed="[]"):
            self.assertEqual(az_find("ml", "model", "list"), [])

    def test_refuses_what_is_no_answer(self):
        for printed in ["", "null", "[", "<html>", '"text"', "17", "\x00"]:
            with answering(printed=printed), self.assertRaisesRegex(Failure, "az ml job show printed no JSON object"):
                az_find("ml", "job", "show", "--name", "x")


class Messages(unittest.TestCase):
    def test_name_the_command_what_azure_says_and_the_repair(self):
        for message, repair in [
            ("AADSTS700024: Client assertion …", "older than five minutes"),
            ("AADSTS700213: No matching federated identity record", "federated credential"),
            ("(AuthorizationPermissionMismatch) …", "no role on the data"),
            ("(AuthorizationFailed) …", "lacks a role"),
            ("(SubscriptionNotRegistered) Resource provider [N/A] isn't registered", "resource provider"),
            ("(OutOfQuota) Not enough quota", "more quota"),
            ("There is already an endpoint with this name", "endpoint_name"),
        ]:
            with answering(1, message=message), self.assertRaises(Failure) as raised:
                az("ml", "job", "create", "--file", "x")
            said = str(raised.exception)
            self.assertIn("az ml job create failed with exit code 1", said)
            self.assertIn(message, said)
            self.assertIn(repair, said)

    def test_name_no_repair_where_none_is_known(self):
        with answering(1, message="(InternalServerError) …"), self.assertRaises(Failure) as raised:
            az("ml", "job", "create")
        self.assertNotIn("→", str(raised.exception))

    def test_are_short(self):
        with answering(1, message="x" * 100_000), self.assertRaises(Failure) as raised:
            az("ml", "job", "create")
        self.assertLess(len(str(raised.exception)), 3000)


if __name__ == "__main__":
    unittest.main()
