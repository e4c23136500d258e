"""Serving stored chunks: requests per CPU second of our server against nginx, one worker each."""

from __future__ import annotations

import argparse
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from urllib.parse import urlsplit

from measure import report

EXAMPLE = "example: python bench/serve.py --seconds 5 --size 300000"
FILES = 64
NGINX = """worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log;
events {{ worker_connections 256; }}
http {{ access_log off; sendfile on; keepalive_requests 1000000;
  client_body_temp_path {folder}/t1; proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3;
  uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
  server {{ listen 127.0.0.1:{port}; root {folder}/www; }} }}
"""
OURS = """
import sys
from zarrscope.server.serve import Server
from zarrscope.store.local import LocalStore
with Server({"x": LocalStore(sys.argv[1])}) as server:
    print(server.data("x"), flush=True)
    server.wait()
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, epilog=EXAMPLE)
    parser.add_argument("--seconds", type=float, default=4)
    parser.add_argument("--size", type=int, default=300_000, help="bytes of a chunk")
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--rounds", type=int, default=3)
    chosen = parser.parse_args()
    nginx = shutil.which("nginx", path=f"{os.environ['PATH']}:/usr/sbin")
    if nginx is None:
        sys.exit("nginx is not installed (apt-get install nginx-light): not run")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)  # nginx reads as somebody else where root has started it
        www = Path(folder, "www")
        www.mkdir()
        for number in range(FILES):
            (www / str(number)).write_bytes(random.Random(number).randbytes(chosen.size))
        port = free_port()
        Path(folder, "nginx.conf").write_text(NGINX.format(folder=folder, port=port))
        commands = {
            "nginx": ([nginx, "-c", f"{folder}/nginx.conf"], f"http://127.0.0.1:{port}/"),
            "zarrscope": ([sys.executable, "-c", OURS, str(www)], None),
        }
        rates = {name: [] for name in commands}
        for _ in range(chosen.rounds):
            for name, (command, address) in commands.items():
                rates[name].append(rate(command, address, chosen))
    best = {name: max(found) for name, found in rates.items()}
    rows = [
        {"server": name, "per_cpu_s": round(value), "ratio": value / best["nginx"]}
        for name, value in best.items()
    ]
    report(f"serving chunks of {chosen.size} bytes, {chosen.clients} connections", rows)


def rate(command, address, chosen):
    """Return requests a CPU second of a server, its children included."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        place = urlsplit(address or process.stdout.readline().strip())
        time.sleep(1)
        before, done = cpu(process.pid), [0] * chosen.clients
        until = time.monotonic() + chosen.seconds
        threads = [
            threading.Thread(target=client, args=(place, until, done, number, chosen.size))
            for number in range(chosen.clients)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return sum(done) / (cpu(process.pid) - before)
    finally:
        process.terminate()
        process.wait()


def client(place, until, done, number, size):
    draw = random.Random(number)
    buffer = bytearray(1 << 20)
    with socket.create_connection((place.hostname, place.port)) as link:
        while time.monotonic() < until:
            path = f"{place.path}{draw.randrange(FILES)}"
            link.sendall(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode())
            head = b""
            while b"\r\n\r\n" not in head:
                head += link.recv(4096)
            assert head.startswith(b"HTTP/1.1 200"), head
            length = int(re.search(rb"content-length: (\d+)", head, re.IGNORECASE)[1])
            assert length == size
            left = length - len(head.partition(b"\r\n\r\n")[2])
            while left:
                left -= link.recv_into(buffer)
            done[number] += 1


def cpu(pid):
    """Return CPU seconds of a process and its children, so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for one in (pid, *children):
        words = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
        ticks += int(words[11]) + int(words[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


if __name__ == "__main__":
    main()
