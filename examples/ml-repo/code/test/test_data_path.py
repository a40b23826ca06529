import hashlib
import json
import os
import pathlib
import stat
import sys
import tempfile
import unittest
from unittest import mock

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from data_path import Refused, blob_reader, data_path

BLOB = "https://contosoarticles.blob.core.windows.net/articles/"
LAKE = "https://contosoarticles.dfs.core.windows.net/articles/"
OWN = "https://contosobridge.blob.core.windows.net/grid-dispatch-payloads"
MANIFEST = f"{OWN}/manifests/{'0' * 32}.jsonl"


def event(url, kind="BlobCreated", key="url"):
    return {"type": f"Microsoft.Storage.{kind}", "data": {key: url}}


def unread(_reference):
    raise AssertionError("nothing is to be read")


def path(payload, read_blob=unread):
    return data_path(payload, "contosoarticles", "articles", read_blob)


class OneEvent(unittest.TestCase):
    def test_the_folder_of_a_new_or_deleted_blob(self):
        for kind in ("BlobCreated", "BlobDeleted"):
            found = path(event(BLOB + "2026/03/a.csv", kind))
            self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.windows.net/2026/03/")

    def test_a_blob_in_no_folder(self):
        self.assertEqual(path(event(BLOB + "a.csv")), "wasbs://articles@contosoarticles.blob.core.windows.net/")

    def test_where_a_renamed_blob_went(self):
        renamed = event(LAKE + "2026/b.csv", "BlobRenamed", "destinationUrl")
        renamed["data"]["sourceUrl"] = LAKE + "incoming/b.csv"
        self.assertEqual(path(renamed), "abfss://articles@contosoarticles.dfs.core.windows.net/2026/")

    def test_a_renamed_directory_itself(self):
        renamed = event(LAKE + "batch-42/", "DirectoryRenamed", "destinationUrl")
        self.assertEqual(path(renamed), "abfss://articles@contosoarticles.dfs.core.windows.net/batch-42/")

    def test_a_file_may_have_any_name(self):
        found = path(event(BLOB + "march/a%20b $(x) ${{y}}?#.csv"))
        self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.windows.net/march/")

    def test_a_national_cloud(self):
        found = path(event("https://contosoarticles.blob.core.usgovcloudapi.net/articles/a/b.csv"))
        self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.usgovcloudapi.net/a/")


class Untrusted(unittest.TestCase):
    def test_other_accounts_containers_and_hosts_are_refused(self):
        for url in (
            "https://stranger.blob.core.windows.net/articles/a.csv",
            "https://contosoarticles.blob.core.windows.net/azureml/a.csv",
            "https://contosoarticles.blob.core.windows.net/articles-2/a.csv",
            "https://contosoarticles.blob.core.windows.net.evil.example/articles/a.csv",
            "https://contosoarticles.blob.core.windows.net@evil.example/articles/a.csv",
            "https://evil.example/?https://contosoarticles.blob.core.windows.net/articles/a.csv",
            "https://contosoarticlesXblob.core.windows.net/articles/a.csv",
            "http://contosoarticles.blob.core.windows.net/articles/a.csv",
            "wasbs://articles@contosoarticles.blob.core.windows.net/a.csv",
        ):
            with self.subTest(url), self.assertRaisesRegex(Refused, "is not in the container"):
                path(event(url))

    def test_folders_of_anything_but_plain_characters_are_refused(self):
        folders = ("../other", "a/../b", "a/./b", "a//b", "a b", "a%2fb", "a$b", "${{inputs.x}}", "a;b", "a?b", "a#b", "a\nb", "ä")
        for folder in folders:
            with self.subTest(folder), self.assertRaisesRegex(Refused, "the name of a folder"):
                path(event(f"{BLOB}{folder}/x.csv"))

    def test_payloads_without_a_blob_are_refused(self):
        for payload in ({}, {"data": None}, {"data": {}}, {"data": {"url": 1}}, {"data": {"events": []}}, {"data": {"events": [1]}}):
            with self.subTest(payload), self.assertRaises(Refused):
                path(payload)


class ManyEvents(unittest.TestCase):
    events = [event(BLOB + name) for name in ("2026/03/a.csv", "2026/03/b.csv", "2026/04/c.csv", "2026/03-x/d.csv")]

    def test_the_folder_that_all_of_them_lie_in(self):
        root = "wasbs://articles@contosoarticles.blob.core.windows.net/"
        self.assertEqual(path({"data": {"events": self.events[:2]}}), root + "2026/03/")
        self.assertEqual(path({"data": {"events": self.events}}), root + "2026/")
        self.assertEqual(path({"data": {"events": [*self.events, event(BLOB + "e.csv")]}}), root)

    def test_one_stranger_among_them_stops_all(self):
        with self.assertRaises(Refused):
            path({"data": {"events": [*self.events, event("https://evil.example/articles/x.csv")]}})

    def test_a_manifest_is_read_line_by_line(self):
        lines = "".join(json.dumps(line) + "\n" for line in self.events)
        found = path({"data": {"count": 4, "manifest": {"url": MANIFEST}}}, lambda _: lines)
        self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.windows.net/2026/")

    def test_large_data_is_read_by_reference(self):
        payload = {"type": "Microsoft.Storage.BlobCreated", "data": {"reference": {}, "url": "cut"}}
        found = path(payload, lambda _: json.dumps({"url": BLOB + "a/b.csv"}))
        self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.windows.net/a/")


class Blobs(unittest.TestCase):
    """With an `az` that copies a file and writes down how it was called."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        (self.folder / "content").write_text("{}\n", encoding="utf-8")
        az = self.folder / "az"
        az.write_text(f'#!/bin/sh\necho "$*" > "{folder.name}/called"\ncp "{folder.name}/content" "${{9}}"\n', encoding="utf-8")
        az.chmod(az.stat().st_mode | stat.S_IXUSR)
        search = mock.patch.dict(os.environ, {"PATH": f"{folder.name}{os.pathsep}{os.environ['PATH']}"})
        search.start()
        self.addCleanup(search.stop)

    def test_are_read_with_the_login_of_the_workflow_and_checked(self):
        digest = hashlib.sha256(b"{}\n").hexdigest()
        self.assertEqual(blob_reader(OWN)({"url": MANIFEST, "sha256": digest}), "{}\n")
        called = (self.folder / "called").read_text(encoding="utf-8")
        self.assertIn(f"storage blob download --auth-mode login --blob-url {MANIFEST}", called)

    def test_are_refused_where_the_content_is_another_one(self):
        with self.assertRaisesRegex(Refused, "SHA-256"):
            blob_reader(OWN)({"url": MANIFEST, "sha256": "0" * 64})

    def test_the_login_is_shown_to_no_other_address(self):
        for url in (
            "https://evil.example/grid-dispatch-payloads/manifests/0.jsonl",
            MANIFEST.replace("/grid-dispatch-payloads/", "/grid-dispatch-payloads.evil.example/"),
            MANIFEST.replace(".net/", ".net@evil.example/"),
            MANIFEST + "?sig=x",
            f"{OWN}/manifests/../../other/{'0' * 32}.jsonl",
            f"{OWN}-2/manifests/{'0' * 32}.jsonl",
            None,
        ):
            with self.subTest(url), self.assertRaisesRegex(Refused, "none of the bridge's blobs"):
                blob_reader(OWN)({"url": url, "sha256": "0" * 64})
        self.assertFalse((self.folder / "called").exists())

    def test_need_the_address_of_the_payload_container(self):
        with self.assertRaisesRegex(Refused, "payload_container_url"):
            blob_reader("")({"url": MANIFEST, "sha256": "0" * 64})


if __name__ == "__main__":
    unittest.main()
