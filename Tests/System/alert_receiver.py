"""A receiver of alerts as a program of its own, so that it can be killed: notes what came, then answers, then notes that."""

import http.server
import json
import os
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        event = json.loads(body)
        assert event["id"] == self.headers["Idempotency-Key"]
        self.server.note("got", event["id"], event["rule"], event["state"], event["subjects"][0]["id"])
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()
        self.wfile.flush()
        self.server.note("answered", event["id"])

    def log_message(self, *arguments):
        pass


class Server(http.server.HTTPServer):
    allow_reuse_address = True

    def __init__(self, port, path):
        super().__init__(("127.0.0.1", port), Handler)
        # One write a line, behind all others: what a killed process wrote is there.
        self.file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o640)

    def note(self, *words):
        os.write(self.file, (" ".join(words) + "\n").encode())


if __name__ == "__main__":
    Server(int(sys.argv[1]), sys.argv[2]).serve_forever()
