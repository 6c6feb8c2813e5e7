"""What Python's json makes of each line of base64 on standard input: a line each, "refused" or the value in plain words."""

import base64
import json
import sys


def members(pairs):
    keys = [key for key, _ in pairs]
    if len(set(keys)) != len(keys):
        raise ValueError("a key stands twice")
    return ("object", pairs)


def constant(name):
    raise ValueError(name)


def words(value):
    if value is None:
        return "null"
    if value is True:
        return "true"
    if value is False:
        return "false"
    if isinstance(value, list):
        return "[" + ",".join(map(words, value)) + "]"
    kind, content = value if isinstance(value, tuple) else ("string", value)
    if kind == "number":
        return content
    if kind == "object":
        return "{" + ",".join(key.encode().hex() + ":" + words(member) for key, member in content) + "}"
    return '"' + content.encode().hex()


for line in sys.stdin:
    try:
        text = base64.b64decode(line).decode()
        number = lambda digits: ("number", digits)
        print(words(json.loads(text, object_pairs_hook=members, parse_int=number, parse_float=number, parse_constant=constant)))
    except (ValueError, RecursionError):
        print("refused")
