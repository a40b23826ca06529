"""Answers requests at the endpoint: which topic is a text about?

A request is `{"texts": ["…", "…"]}`; the answer
is `{"topics": [{"topic": "space", "probability": 0.93}, …]}`, one entry for each text.
"""

import json
import os
import pathlib

import joblib

MODEL_FILE = "model.joblib"
model = None


def init():
    """Azure ML calls this once, when the container starts."""
    global model
    # The model is registered as a folder, which lies below AZUREML_MODEL_DIR under its own name.
    [file] = pathlib.Path(os.environ["AZUREML_MODEL_DIR"]).rglob(MODEL_FILE)
    model = joblib.load(file)


def run(request):
    """Azure ML calls this for each request, with its body as text."""
    try:
        texts = json.loads(request)["texts"]
    except (ValueError, KeyError, TypeError):
        texts = None
    if not isinstance(texts, list) or not texts or not all(isinstance(text, str) for text in texts):
        return {"error": 'send {"texts": ["a text", "another one"]}'}
    probabilities = model.predict_proba(texts)
    return {
        "topics": [
            {"topic": str(model.classes_[row.argmax()]), "probability": round(float(row.max()), 4)}
            for row in probabilities
        ]
    }
