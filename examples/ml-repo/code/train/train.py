"""Trains a classifier that names the topic of a text, evaluates it, and writes it to a folder.

The data is a CSV file with the columns `topic` and `text`, or a folder of such files. A file of another form ends the
job as failed, and so does a model that is not accurate enough: no RunCompleted event follows, and nothing is deployed.
"""

import argparse
import csv
import json
import pathlib

import joblib
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline

MODEL_FILE = "model.joblib"
METRICS_FILE = "metrics.json"


def read_articles(path):
    """The texts and topics of a CSV file, or of all CSV files below a folder."""
    path = pathlib.Path(path)
    files = sorted(path.rglob("*.csv")) if path.is_dir() else [path]
    texts, topics = [], []
    for file in files:
        with file.open(newline="", encoding="utf-8-sig") as lines:
            rows = csv.DictReader(lines)
            if not {"topic", "text"} <= set(rows.fieldnames or []):
                raise SystemExit(f"{file.name}: its first line must name the columns topic and text")
            for row in rows:
                if row["text"] and row["topic"]:
                    texts.append(row["text"])
                    topics.append(row["topic"])
    if len(set(topics)) < 2:
        raise SystemExit(f"{path}: needs articles of at least two topics, and has {len(set(topics))}")
    return texts, topics


def build_model():
    """Words and pairs of words, weighted by how rare they are, and a linear model on them."""
    return make_pipeline(
        TfidfVectorizer(sublinear_tf=True, ngram_range=(1, 2), stop_words="english"),
        LogisticRegression(C=10, max_iter=1000),
    )


def evaluate(model, texts, topics):
    """How well the model names topics that it has not seen."""
    predicted = model.predict(texts)
    return {
        "accuracy": round(float(accuracy_score(topics, predicted)), 4),
        "macro_f1": round(float(f1_score(topics, predicted, average="macro")), 4),
        "articles": len(texts),
    }


def train(texts, topics, test_share=0.25, seed=7):
    """A model trained on a part of the articles, and its metrics on the rest."""
    split = train_test_split(texts, topics, test_size=test_share, random_state=seed, stratify=topics)
    train_texts, test_texts, train_topics, test_topics = split
    model = build_model().fit(train_texts, train_topics)
    return model, evaluate(model, test_texts, test_topics)


def log_metrics(metrics):
    """Shows the metrics in Azure ML studio. On a machine without MLflow they are only printed."""
    print(json.dumps(metrics))
    try:
        import mlflow
    except ImportError:
        return
    mlflow.log_metrics(metrics)


def main(arguments=None):
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True, help="a CSV file with the columns topic and text, or a folder of them")
    parser.add_argument("--model", required=True, help="the folder that the model is written to")
    parser.add_argument("--min-accuracy", type=float, default=0.0, help="a model below this is not worth deploying")
    options = parser.parse_args(arguments)

    model, metrics = train(*read_articles(options.data))
    log_metrics(metrics)
    if metrics["accuracy"] < options.min_accuracy:
        raise SystemExit(f"accuracy {metrics['accuracy']} is below {options.min_accuracy}: not good enough to deploy")

    folder = pathlib.Path(options.model)
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(model, folder / MODEL_FILE)
    (folder / METRICS_FILE).write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
