"""A third-party server for round trips: Debian's nginx with TLS on loopback, its own configuration, pinned to a core.

One worker answers every order with a fixed reply that echoes the client's id, so what differs between clients is
the clients. Everything lives in a temporary directory; the system's own nginx is not touched.
"""

import datetime
import ipaddress
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from benchmarks.messages import ORDER_REPLY_BODY

START_TIMEOUT_S = 5.0

CONFIGURATION = """
daemon off; master_process off; worker_processes 1; pid DIRECTORY/pid; error_log DIRECTORY/error.log warn;
events { worker_connections 256; }
http {
    access_log off; default_type application/json; server_tokens off; keepalive_timeout 1h;
    keepalive_requests 1000000000; client_body_temp_path DIRECTORY; proxy_temp_path DIRECTORY;
    fastcgi_temp_path DIRECTORY; uwsgi_temp_path DIRECTORY; scgi_temp_path DIRECTORY;
    map $msec $milliseconds { "~^(?<whole>\\d+)\\.(?<part>\\d+)$" $whole$part; }
    server {
        listen 127.0.0.1:PORT ssl; ssl_protocols TLSv1.3;
        ssl_certificate DIRECTORY/certificate.pem; ssl_certificate_key DIRECTORY/key.pem;
        location = /public/time { return 200 '{"code":0,"msg":"","data":{"serverTime":$milliseconds}}'; }
        location / { return 200 'REPLY'; }
    }
}
"""


class NginxServer(NamedTuple):
    port: int
    ca_file: Path

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"


def missing() -> str:
    """Why there is no nginx to measure against, and what to do; "" if there is one."""
    return "" if find_nginx() else "nginx is not installed (Debian: apt-get install nginx-light)"


def find_nginx() -> str | None:
    return shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")


def write_certificate(directory: Path) -> None:
    """A self-signed certificate for loopback that is its own CA file, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "tidings benchmark")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    (directory / "certificate.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (directory / "key.pem").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_listening(server: subprocess.Popen[bytes], port: int, directory: Path) -> None:
    give_up = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < give_up and server.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.02)
    log = directory / "error.log"
    raise RuntimeError(f"nginx did not start: {log.read_text() if log.exists() else 'no log'}")


@contextmanager
def running_nginx(core: int) -> Iterator[NginxServer]:
    """A server on a free port, pinned to `core`, stopped on leaving."""
    nginx = find_nginx()
    assert nginx, missing()
    with TemporaryDirectory(prefix="tidings-nginx-") as name:
        directory, port = Path(name), free_port()
        write_certificate(directory)
        reply = ORDER_REPLY_BODY.replace("CL_ORD_ID", "$arg_clOrdID")
        text = CONFIGURATION.replace("REPLY", reply).replace("PORT", str(port)).replace("DIRECTORY", name)
        (directory / "nginx.conf").write_text(text)
        command = [nginx, "-p", name, "-e", f"{name}/error.log", "-c", f"{name}/nginx.conf"]
        server = subprocess.Popen(command, preexec_fn=lambda: os.sched_setaffinity(0, {core}))
        try:
            wait_until_listening(server, port, directory)
            yield NginxServer(port, directory / "certificate.pem")
        finally:
            server.terminate()
            server.wait(10)
