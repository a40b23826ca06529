import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from data_path import Refused, data_path

BLOB = "https://contosoarticles.blob.core.windows.net/articles/"
LAKE = "https://contosoarticles.dfs.core.windows.net/articles/"


def event(url, kind="BlobCreated", key="url"):
    return {"type": f"Microsoft.Storage.{kind}", "data": {key: url}}


def path(*events):
    return data_path(events, "contosoarticles", "articles")


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


class Lost(unittest.TestCase):
    """A line for an event that the bridge's storage has lost: docs/client-payload.md of grid-dispatch."""

    lost = {"id": "0" * 32, "type": "", "source": "", "subject": "", "time": "", "data": {"lost": "its row is missing"}}

    def test_the_others_are_read(self):
        found = path(self.lost, event(BLOB + "2026/a.csv"), self.lost)
        self.assertEqual(found, "wasbs://articles@contosoarticles.blob.core.windows.net/2026/")

    def test_nothing_is_left_without_others(self):
        with self.assertRaises(Refused):
            path(self.lost)

    def test_an_event_that_only_says_so_is_looked_at(self):
        stranger = event("https://stranger.blob.core.windows.net/articles/a.csv")
        stranger["data"]["lost"] = "its row is missing"
        with self.assertRaises(Refused):
            path(stranger, event(BLOB + "2026/a.csv"))


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

    def test_events_without_a_blob_are_refused(self):
        for bad in ({}, {"data": None}, {"data": {}}, {"data": {"url": 1}}, 1):
            with self.subTest(bad), self.assertRaises(Refused):
                path(bad)


class ManyEvents(unittest.TestCase):
    events = [event(BLOB + name) for name in ("2026/03/a.csv", "2026/03/b.csv", "2026/04/c.csv", "2026/03-x/d.csv")]

    def test_the_folder_that_all_of_them_lie_in(self):
        root = "wasbs://articles@contosoarticles.blob.core.windows.net/"
        self.assertEqual(path(*self.events[:2]), root + "2026/03/")
        self.assertEqual(path(*self.events), root + "2026/")
        self.assertEqual(path(*self.events, event(BLOB + "e.csv")), root)

    def test_one_stranger_among_them_stops_all(self):
        with self.assertRaises(Refused):
            path(*self.events, event("https://evil.example/articles/x.csv"))

    def test_none_at_all_is_refused(self):
        with self.assertRaisesRegex(Refused, "no event"):
            path()

    def test_a_file_of_them_is_read_line_by_line(self):
        # A text in JSON may hold characters that Python takes for the end of a line.
        lines = [{**line, "subject": "a\u2028b\u0085c"} for line in self.events]
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "events.jsonl"
            text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
            file.write_text(text, encoding="utf-8")
            script = [sys.executable, str(ROOT / "scripts/data_path.py")]
            ended = subprocess.run(
                [*script, "--account", "contosoarticles", "--container", "articles", str(file)],
                capture_output=True, text=True, check=True,
            )
        self.assertEqual(ended.stdout, "wasbs://articles@contosoarticles.blob.core.windows.net/2026/\n")


if __name__ == "__main__":
    unittest.main()
