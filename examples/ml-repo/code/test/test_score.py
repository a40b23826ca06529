import json
import os
import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
for room in ("code/train", "code/deploy", "scripts"):
    sys.path.insert(0, str(ROOT / room))

import check_answer

try:
    import score
    import train
except ImportError as error:
    raise unittest.SkipTest(f"needs scikit-learn: {error}")

REQUEST = (ROOT / "code" / "deploy" / "sample-request.json").read_text(encoding="utf-8")


class Score(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        # As Azure ML lays it out: the registered folder below AZUREML_MODEL_DIR.
        train.main(["--data", str(ROOT / "data"), "--model", str(pathlib.Path(folder.name) / "model")])
        os.environ["AZUREML_MODEL_DIR"] = folder.name
        score.init()

    def test_answers_the_sample_request(self):
        answer = score.run(REQUEST)
        self.assertEqual([entry["topic"] for entry in answer["topics"]], ["cooking", "space"])
        self.assertIsNone(check_answer.problem_with(json.loads(json.dumps(answer)), json.loads(REQUEST)))

    def test_says_what_a_request_must_look_like(self):
        for request in ("not json", "[]", '{"texts": []}', '{"texts": [1]}', '{"texts": "a text"}'):
            self.assertIn("error", score.run(request))


if __name__ == "__main__":
    unittest.main()
