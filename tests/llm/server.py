"""A real HTTP server that speaks the OpenAI chat-completions protocol, and misbehaves on demand."""

import json
import socket
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def event(text=None, finish=None):
    delta = {"role": "assistant", "content": text} if text is not None else {}
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n".encode()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.0"  # the end of the connection ends the stream

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._json(self.server.models_status, {"data": [{"id": name} for name in self.server.models]})

    def do_POST(self):
        self.server.requests.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        try:
            getattr(self, f"_{self.server.next_manner()}")()
        except (BrokenPipeError, ConnectionResetError):
            self.server.hung_up.set()

    def _json(self, status, body, **headers):
        data = json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def _events(self):
        self.send_response(200)
        self.send_header("Content-Type", "text/event-stream")
        self.end_headers()

    def _send(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def _good(self):
        self._events()
        for word in ("The", " heart", " is", " large."):
            self._send(event(word))
        self._send(event(finish="stop") + b"data: [DONE]\n\n")

    def _slow(self):
        self.server.release.wait(0.3)
        self._good()

    def _busy(self):
        self._json(429, {"error": {"message": "too many requests"}})

    def _busy_for_long(self):
        self._json(429, {"error": {"message": "too many requests"}}, Retry_After="30")

    def _gone(self):
        self._json(404, {"error": {"message": "no such model"}})

    def _hangs_up(self):
        self.connection.shutdown(socket.SHUT_RDWR)

    def _drops(self):
        self._events()
        self._send(event("The") + event(" heart"))

    def _wordless(self):
        self._events()
        self._send(event("") + event(finish="length") + b"data: [DONE]\n\n")

    def _empty(self):
        self._events()
        self._send(b"data: [DONE]\n\n")

    def _error(self):
        self._json(500, {"error": {"message": "CUDA out of memory", "type": "server_error"}})

    def _unauthorised(self):
        self._json(401, {"error": {"message": "bad key"}})

    def _redirect(self):
        self.send_response(307)
        self.send_header("Location", "http://example.com/v1/chat/completions")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def _garbage(self):
        self._events()
        self._send(b"data: {not json\n\n")

    def _broken(self):
        self._events()
        self._send(event("The"))
        self._send(b'data: {"error": {"message": "engine died"}}\n\n')

    def _silent(self):
        self.server.release.wait(20)

    def _stalls(self):
        self._events()
        self._send(event("The"))
        self.server.release.wait(20)

    def _endless(self):
        self._events()
        while not self.server.release.is_set():
            self._send(event(" on"))
            time.sleep(0.002)

    def _keeps_alive(self):
        self._events()
        self._send(event("The"))
        while not self.server.release.is_set():
            self._send(b": ping\n\n")
            time.sleep(0.02)


class Server(ThreadingHTTPServer):
    """``manners`` are taken in turn, one a request; the last one stays."""

    def next_manner(self):
        return self.manners.pop(0) if len(self.manners) > 1 else self.manners[0]


@contextmanager
def serving(*manners, models=("m",), models_status=200, port=0):
    server = Server(("127.0.0.1", port), Handler)
    server.manners, server.models, server.models_status = list(manners or ["good"]), models, models_status
    server.requests, server.release, server.hung_up = [], threading.Event(), threading.Event()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    server.url = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield server
    finally:
        server.release.set()
        server.shutdown()
        thread.join()
        server.server_close()
