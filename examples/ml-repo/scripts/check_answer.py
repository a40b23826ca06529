"""The smoke test: makes sure that the endpoint answered every text of a request with a topic."""

import argparse
import json
import sys


def problem_with(answer, request):
    """What is wrong with an answer, or None."""
    # Some versions of the CLI print the answer as JSON, others as a text that holds JSON.
    if isinstance(answer, str):
        try:
            answer = json.loads(answer)
        except ValueError:
            return f"it is no JSON: {answer[:200]!r}"
    topics = answer.get("topics") if isinstance(answer, dict) else None
    if not isinstance(topics, list):
        return f"it has no topics: {json.dumps(answer)[:500]}"
    if len(topics) != len(request["texts"]):
        return f"it has {len(topics)} topics for {len(request['texts'])} texts"
    for entry in topics:
        if not is_topic(entry):
            return f"it has an entry that is no topic: {json.dumps(entry)[:500]}"
    return None


def is_topic(entry):
    """Whether an entry names a topic and how sure the model is."""
    if not isinstance(entry, dict) or not isinstance(entry.get("topic"), str) or not entry["topic"]:
        return False
    probability = entry.get("probability")
    return isinstance(probability, (int, float)) and 0 < probability <= 1


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="a file with what the endpoint answered")
    parser.add_argument("request", help="the file with what it was asked")
    options = parser.parse_args()
    with open(options.request, encoding="utf-8") as file:
        request = json.load(file)
    with open(options.answer, encoding="utf-8", errors="replace") as file:
        printed = file.read()
    try:
        problem = problem_with(json.loads(printed), request)
    except ValueError:
        problem = f"it is no JSON: {printed.strip()[:200] or 'nothing'}"
    if problem is not None:
        sys.exit(f"check_answer.py: the answer is not what was expected: {problem}")
    print("the endpoint answered every text with a topic")


if __name__ == "__main__":
    main()
