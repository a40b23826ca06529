"""The smoke test: makes sure that the endpoint answered every text of a request with a topic."""

import argparse
import json
import sys


def problem_with(answer, request):
    """What is wrong with an answer, or None."""
    # Some versions of the CLI print the answer as JSON, others as a text that holds JSON.
    if isinstance(answer, str):
        answer = json.loads(answer)
    topics = answer.get("topics") if isinstance(answer, dict) else None
    if not isinstance(topics, list):
        return f"it has no topics: {json.dumps(answer)}"
    if len(topics) != len(request["texts"]):
        return f"it has {len(topics)} topics for {len(request['texts'])} texts"
    for entry in topics:
        if not entry.get("topic") or not 0 < entry.get("probability", 0) <= 1:
            return f"it has an entry that is no topic: {json.dumps(entry)}"
    return None


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("answer", help="a file with what the endpoint answered")
    parser.add_argument("request", help="the file with what it was asked")
    options = parser.parse_args()
    with open(options.answer, encoding="utf-8") as answer, open(options.request, encoding="utf-8") as request:
        problem = problem_with(json.load(answer), json.load(request))
    if problem is not None:
        sys.exit(f"check_answer.py: the answer is not what was expected: {problem}")
    print("the endpoint answered every text with a topic")


if __name__ == "__main__":
    main()
