"""A stand-in of the Hugging Face hub on the loopback: sets made by a test, at commits."""

import hashlib
import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"
API = re.compile(r"/api/datasets/(?P<name>[^/]+/[^/]+)(?P<rest>/.*)?$")
FILE = re.compile(r"/datasets/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<path>.+)$")
Sets = dict[str, dict[str, bytes]]


@contextmanager
def hub(sets: Sets) -> Iterator[tuple[str, list[str]]]:
    """Serve sets of {name: {path: content}}; yield the address, and what was asked so far."""
    asked: list[str] = []

    class Handler(_Handler):
        def __init__(self, *args: Any) -> None:
            self.sets, self.asked = sets, asked
            super().__init__(*args)

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    sets: Sets
    asked: list[str]

    def log_message(self, *args: Any) -> None:
        """Say nothing."""

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_POST(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length).decode()
        self._answer(body)

    def do_GET(self) -> None:
        self._answer("")

    def _answer(self, body: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.asked.append(f"{self.command} {path}")
        if self.headers.get("Authorization"):
            return self._json({"error": "no token was expected"}, 400)
        if found := FILE.match(path):
            return self._file(found)
        if found := API.match(path):
            return self._api(found["name"], found["rest"] or "", body)
        return self._missing("EntryNotFound")

    def _api(self, name: str, rest: str, body: str) -> None:
        files = self.sets.get(name)
        if files is None:
            return self._missing("RepoNotFound")
        if rest.startswith("/revision/") and rest.split("/")[2] not in {"main", COMMIT}:
            return self._missing("RevisionNotFound")
        if rest.startswith("/tree/"):
            return self._tree(files, rest.removeprefix("/tree/").partition("/")[2])
        if rest.startswith("/paths-info/"):
            wanted = self._paths(body)
            return self._json([self._entry(p, files[p]) for p in wanted if p in files])
        siblings = [{"rfilename": path} for path in files]
        return self._json({"id": name, "sha": COMMIT, "siblings": siblings, "tags": []})

    def _tree(self, files: dict[str, bytes], folder: str) -> None:
        """List what lies in a folder; with `recursive`, in those within it too."""
        inside = {
            path: path.removeprefix(f"{folder}/" if folder else "")
            for path in files
            if path.startswith(f"{folder}/" if folder else "")
        }
        if not inside:
            return self._missing("EntryNotFound")
        is_deep = parse_qs(urlsplit(self.path).query).get("recursive", ["false"])[0] in {
            "true",
            "True",
            "1",
        }
        listed = [
            self._entry(p, files[p]) for p, rest in inside.items() if is_deep or "/" not in rest
        ]
        names = dict.fromkeys(rest.partition("/")[0] for rest in inside.values() if "/" in rest)
        folders = [f"{folder}/{name}" if folder else name for name in names]
        listed += [
            {"type": "directory", "path": name, "oid": "0" * 40, "size": 0} for name in folders
        ]
        return self._json(listed)

    def _paths(self, body: str) -> list[str]:
        if body.startswith("{"):
            paths: list[str] = json.loads(body)["paths"]
            return paths
        return parse_qs(body).get("paths", [])

    def _entry(self, path: str, content: bytes) -> dict[str, Any]:
        oid = hashlib.sha1(content).hexdigest()  # noqa: S324 - as git has it
        return {"type": "file", "path": path, "size": len(content), "oid": oid}

    def _file(self, found: re.Match[str]) -> None:
        content = self.sets.get(found["name"], {}).get(found["path"])
        if content is None:
            self._missing("EntryNotFound")
            return
        start, stop = 0, len(content)
        if ranged := re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            start = int(ranged[1])
            stop = min(int(ranged[2]) + 1, stop) if ranged[2] else stop
        self.send_response(206 if ranged else 200)
        self.send_header("X-Repo-Commit", COMMIT)
        self.send_header("ETag", f'"{hashlib.sha1(content).hexdigest()}"')  # noqa: S324
        self.send_header("Accept-Ranges", "bytes")
        if ranged:
            self.send_header("Content-Range", f"bytes {start}-{stop - 1}/{len(content)}")
        self.send_header("Content-Length", str(stop - start))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content[start:stop])

    def _missing(self, code: str) -> None:
        self._json({"error": code}, 404, {"X-Error-Code": code})

    def _json(
        self, value: object, status: int = 200, headers: dict[str, str] | None = None
    ) -> None:
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, text in (headers or {}).items():
            self.send_header(name, text)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
