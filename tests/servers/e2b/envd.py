"""What answers inside a sandbox of the emulator as E2B's own agent does: files, commands, and the way to its ports.

It runs in a sandbox of this machine, so code that it starts is held there. It listens on the unix socket `envd.sock`; a
connection that begins with "PORT n" is led to that port of the sandbox. A sandbox of this machine has no network, so a
port is a unix socket below `ports/`: what PORTS gives every program here instead of what it asks for.
"""

import base64
import email.parser
import email.policy
import json
import os
import signal
import socket
import socketserver
import struct
import subprocess
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

HOME = Path.cwd()
PORTS = """
import errno, os, socket, sys, types

distro = types.ModuleType("distro")  # pip reads there what lies in /etc, which is not here
distro.name = distro.version = distro.codename = distro.id = lambda *_: ""
sys.modules["pip._vendor.distro"] = distro

def create_server(address, *, backlog=None, **_):
    path = os.path.join(os.environ["EMULATED_PORTS"], str(address[1]))
    if os.path.exists(path):
        raise OSError(errno.EADDRINUSE, "Address already in use")
    made = socket.socket(socket.AF_UNIX)
    made.bind(path)
    made.listen(backlog or 16)
    return made

socket.create_server = create_server
"""
NETWORK = {"EMULATED_PORTS": str(HOME / "ports"), "PYTHONPATH": str(HOME / "lib")}
PROCESSES = {}


def place(path):
    """Where a path of the wire is: relative ones are below the user's home, which is called /home/user there."""
    path = path.removeprefix("/home/user").lstrip("/") if path.startswith("/home/user") else path
    HOME.chmod(0o700)  # the agent of E2B is root, and no folder is closed to it
    for folder in (HOME / path).parents:
        if folder.is_relative_to(HOME) and folder.is_dir():
            folder.chmod(0o700)
    return HOME / path


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle(self):
        if self.connection.recv(5, socket.MSG_PEEK) == b"PORT ":
            self.close_connection = True
            return relay(self.connection)
        self.close_connection = True
        self.handle_one_request()
        return None

    def address_string(self):
        return "the emulator"

    def log_message(self, *_):
        """Nobody reads it."""

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/health":
            return self.answer(204, b"")
        path = place(parse_qs(url.query)["path"][0])
        try:
            with path.open("rb") as file:
                content_length = os.fstat(file.fileno()).st_size
                self.head(200, "application/octet-stream", content_length)
                while chunk := file.read(1 << 20):
                    self.wfile.write(chunk)
        except OSError as error:
            return self.refuse(404 if isinstance(error, FileNotFoundError) else 400, str(error))
        return None

    def do_POST(self):
        url = urlsplit(self.path)
        body = self.body()
        if url.path == "/files":
            return self.write(parse_qs(url.query), body)
        match url.path:
            case "/process.Process/Start":
                return self.start(json.loads(body[5:]))
            case "/process.Process/List":
                return self.say(
                    {"processes": [{"pid": pid, "config": {"cmd": "/bin/bash"}} for pid in PROCESSES]}
                )
            case "/process.Process/SendSignal":
                pid = json.loads(body)["process"]["pid"]
                if pid not in PROCESSES:
                    return self.refuse(404, "no such process", code="not_found")
                PROCESSES[pid].send_signal(signal.SIGKILL)
                return self.say({})
        return self.refuse(404, f"nothing is at {url.path}")

    def body(self):
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def write(self, query, body):
        kind = self.headers["Content-Type"]
        if kind == "application/octet-stream":
            files = {query["path"][0]: body}
        else:
            head = f"Content-Type: {kind}\r\n\r\n".encode()
            parts = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + body)
            files = {part.get_filename(): part.get_payload(decode=True) for part in parts.iter_parts()}
            if "path" in query and len(files) == 1:
                files = {query["path"][0]: next(iter(files.values()))}
        said = []
        for path, content in files.items():
            target = place(path)
            try:
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(content)
            except OSError as error:
                return self.refuse(507 if error.errno == 28 else 400, str(error))
            said.append(
                {"name": target.name, "type": "file", "path": f"/home/user/{target.relative_to(HOME)}"}
            )
        return self.say(said)

    def start(self, wanted):
        config = wanted["process"]
        process = subprocess.Popen(
            [config["cmd"], *config.get("args", [])], cwd=place(config.get("cwd") or "."),
            env=os.environ | NETWORK | config.get("envs", {}), stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
        )  # fmt: skip
        PROCESSES[process.pid] = process
        if limit := self.headers.get("Connect-Timeout-Ms"):
            timer = threading.Timer(int(limit) / 1000, process.kill)
            timer.daemon = True
            timer.start()
        self.send_response(200)
        self.send_header("Content-Type", "application/connect+json")
        self.send_header("Transfer-Encoding", "chunked")
        self.send_header("Connection", "close")
        self.end_headers()
        lock = threading.Lock()
        self.event(lock, {"start": {"pid": process.pid}})
        readers = [
            threading.Thread(target=self.pass_on, args=(lock, name, getattr(process, name)), daemon=True)
            for name in ("stdout", "stderr")
        ]
        for reader in readers:
            reader.start()
        code = process.wait()
        for reader in readers:
            reader.join(2.0)
        PROCESSES.pop(process.pid, None)
        end = {
            "exitCode": code if code >= 0 else 128 - code,
            "exited": code >= 0,
            "status": f"exit status {code}",
        }
        self.event(lock, {"end": end})
        self.chunk(lock, struct.pack(">BI", 2, 2) + b"{}")
        self.chunk(lock, b"")

    def pass_on(self, lock, name, pipe):
        while chunk := os.read(pipe.fileno(), 1 << 15):
            self.event(lock, {"data": {name: base64.b64encode(chunk).decode()}})

    def event(self, lock, event):
        said = json.dumps({"event": event}).encode()
        self.chunk(lock, struct.pack(">BI", 0, len(said)) + said)

    def chunk(self, lock, content):
        with suppress(OSError), lock:  # whoever asked may have gone
            self.wfile.write(b"%x\r\n%s\r\n" % (len(content), content))
            self.wfile.flush()

    def say(self, said):
        self.answer(200, json.dumps(said).encode())

    def refuse(self, status, message, code=None):
        self.answer(status, json.dumps({"code": code or status, "message": message}).encode())

    def answer(self, status, content):
        self.head(status, "application/json", len(content))
        self.wfile.write(content)

    def head(self, status, kind, length):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(length))
        self.send_header("Connection", "close")
        self.end_headers()


def relay(connection):
    line = b""
    while not line.endswith(b"\n"):
        line += connection.recv(1)
    with socket.socket(socket.AF_UNIX) as inner:
        try:
            inner.connect(f"{NETWORK['EMULATED_PORTS']}/{line.split()[1].decode()}")
        except OSError:
            connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
            return

        def there():
            with suppress(OSError):
                while data := connection.recv(1 << 16):
                    inner.sendall(data)
                inner.shutdown(socket.SHUT_WR)

        threading.Thread(target=there, daemon=True).start()
        with suppress(OSError):
            while data := inner.recv(1 << 16):
                connection.sendall(data)
        for one in (connection, inner):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


class Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    request_queue_size = 128


if __name__ == "__main__":
    for folder in ("ports", "lib"):
        (HOME / folder).mkdir()
    (HOME / "lib" / "sitecustomize.py").write_text(PORTS)
    Server("envd.sock", Handler).serve_forever()
