"""Behind a reverse proxy, as a city runs it: nginx ends TLS, the gateway believes it and nobody else."""

import json
import socket
import ssl
import subprocess
import urllib.request

import pytest

from conftest import ROOT, free_ports, listens, reading, wait_for


@pytest.fixture
def proxied(broker, gateway, folder):
    port = free_ports(1)[0]
    gateway.write_settings(public='"trusted_proxies": ["127.0.0.1"]')
    gateway.start().connected()
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=localhost",
         "-keyout", folder / "key.pem", "-out", folder / "cert.pem"], check=True, capture_output=True)
    # The example of the manual, with this test's ports and files.
    site = (ROOT / "Config/nginx/tonnelle.conf").read_text()
    for old, new in [("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"), ("127.0.0.1:8080", f"127.0.0.1:{gateway.port}"),
                     ("/etc/ssl/tonnelle/cert.pem", str(folder / "cert.pem")), ("/etc/ssl/tonnelle/key.pem", str(folder / "key.pem")),
                     ("fraicheur.example.org", "localhost")]:
        assert old in site
        site = site.replace(old, new)
    (folder / "site.conf").write_text(site)
    paths = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; pid {folder}/nginx.pid; error_log stderr; user root; events {{ worker_connections 1000; }}"
        f"http {{ access_log off; {paths} include {folder}/site.conf; }}")
    process = subprocess.Popen(["/usr/sbin/nginx", "-c", folder / "nginx.conf"], stderr=open(folder / "nginx.log", "wb"))
    wait_for("nginx", lambda: listens(port))
    yield gateway, port
    process.terminate()
    process.wait(10)


def ask(port, path, headers=None):
    context = ssl._create_unverified_context()
    request = urllib.request.Request(f"https://localhost:{port}{path}", headers=headers or {})
    with urllib.request.urlopen(request, context=context, timeout=10) as answer:
        return answer.status, answer.headers, answer.read()


def test_pages_links_and_validators_pass_a_proxy(proxied):
    gateway, port = proxied
    status, headers, body = ask(port, "/", {"Accept": "text/html"})
    assert status == 200 and b"Parc" in body and "default-src 'none'" in headers["Content-Security-Policy"]
    links = json.loads(ask(port, "/?f=json")[2])["links"]
    assert all(link["href"].startswith(f"https://localhost:{port}/") for link in links if link["rel"] != "license")
    collection = json.loads(ask(port, "/collections/cool-spots/items?limit=2")[2])
    following = next(link["href"] for link in collection["links"] if link["rel"] == "next")
    assert following.startswith(f"https://localhost:{port}/")
    with pytest.raises(urllib.error.HTTPError) as error:
        ask(port, "/style.css", {"If-None-Match": ask(port, "/style.css")[1]["ETag"]})
    assert error.value.code == 304


def test_changes_pass_a_proxy_at_once(broker, proxied):
    gateway, port = proxied
    context = ssl._create_unverified_context()
    with context.wrap_socket(socket.create_connection(("localhost", port), timeout=15)) as s:
        s.sendall(b"GET /events?state=false HTTP/1.1\r\nHost: localhost\r\n\r\n")
        wait_for("the stream", lambda: gateway.state_metric("tonnelle_event_streams") == 1)
        broker.publish("tonnelle/v1/up/parc/air", reading(25))
        heard = b""
        while b'"id":"parc"' not in heard:
            heard += s.recv(4096)
