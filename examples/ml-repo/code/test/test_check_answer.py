import json
import pathlib
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))

from check_answer import problem_with

REQUEST = {"texts": ["a", "b"]}
GOOD = {"topics": [{"topic": "sport", "probability": 0.9}, {"topic": "space", "probability": 0.4}]}


class CheckAnswer(unittest.TestCase):
    def test_takes_a_topic_for_every_text(self):
        self.assertIsNone(problem_with(GOOD, REQUEST))
        self.assertIsNone(problem_with(json.dumps(GOOD), REQUEST))

    def test_tells_what_is_wrong(self):
        self.assertIn("no topics", problem_with({"error": "broken"}, REQUEST))
        self.assertIn("1 topics for 2 texts", problem_with({"topics": GOOD["topics"][:1]}, REQUEST))
        self.assertIn("no topic", problem_with({"topics": [{"topic": ""}, GOOD["topics"][0]]}, REQUEST))


if __name__ == "__main__":
    unittest.main()
