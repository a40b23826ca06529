import pathlib
import sys
import tempfile
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "code" / "train"))

try:
    import train
except ImportError as error:
    raise unittest.SkipTest(f"needs scikit-learn: {error}")


class Train(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)

    def test_learns_the_topics_of_the_sample(self):
        model, metrics = train.train(*train.read_articles(ROOT / "data"))
        self.assertGreaterEqual(metrics["accuracy"], 0.6)
        self.assertEqual(model.predict(["a rocket brings a satellite into orbit"])[0], "space")

    def test_the_same_data_gives_the_same_metrics(self):
        articles = train.read_articles(ROOT / "data" / "articles.csv")
        self.assertEqual(train.train(*articles)[1], train.train(*articles)[1])

    def test_reads_every_csv_file_below_a_folder_and_no_other(self):
        (self.folder / "march").mkdir()
        (self.folder / "a.csv").write_text("topic,text\nsport,a goal\n", encoding="utf-8")
        (self.folder / "march" / "b.csv").write_text('text,topic\n"an orbit, again",space\n,sport\n', encoding="utf-8")
        (self.folder / "notes.txt").write_text("not data", encoding="utf-8")
        self.assertEqual(train.read_articles(self.folder), (["a goal", "an orbit, again"], ["sport", "space"]))

    def test_refuses_a_file_without_the_columns(self):
        (self.folder / "a.csv").write_text("label,body\nsport,a goal\n", encoding="utf-8")
        with self.assertRaisesRegex(SystemExit, "must name the columns"):
            train.read_articles(self.folder)

    def test_refuses_an_empty_folder(self):
        with self.assertRaisesRegex(SystemExit, "at least two topics"):
            train.read_articles(self.folder)

    def test_writes_no_model_that_is_not_accurate_enough(self):
        target = self.folder / "model"
        with self.assertRaisesRegex(SystemExit, "not good enough"):
            train.main(["--data", str(ROOT / "data"), "--model", str(target), "--min-accuracy", "1.01"])
        self.assertFalse(target.exists())


if __name__ == "__main__":
    unittest.main()
