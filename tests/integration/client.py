"""A user who asks every 100 ms, and the variables of the next version."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import threading
import time

from .conftest import Site

OLD, NEW = "HG1803f", "HG2604a"
UPGRADE: dict[str, object] = {
    "crab_hg_version": NEW,
    "hgdeploy_repository": "comp.pre",
    "crab_release": "v3.260407",
    "crabserver_config_external": {},
    "crabserver_config_external_url": "http://not.read.example.org/",
    "crabserver_config_settings": {
        "data.s3_bucket": "b",
        "data.delegateDN": "/CN=tw",
        "data.compatibleClientVersions": ["v3.*"],
        "data.object": "CRABInterface.RESTBaseAPI.RESTBaseAPI",
        "main.authz_defaults": {"role": None, "group": None, "site": None},
    },
}


class Client:
    """Asks for the version through the frontend with alice's certificate, each time on a new connection."""

    def __init__(self, site: Site) -> None:
        self.answers: list[tuple[float, int, str]] = []
        self._address = site.address
        self._context = ssl.create_default_context(cafile=str(site.lab / "pki/ca-chain.pem"))
        self._context.load_cert_chain(site.lab / "pki/alicecert.pem", site.lab / "pki/alicekey.pem")
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._asking, args=(number,)) for number in range(4)]

    def __enter__(self) -> Client:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def _asking(self, number: int) -> None:
        # Four take turns, so that one answer that hangs does not keep the others from being asked for.
        time.sleep(number * 0.1)
        while not self._stop.is_set():
            began = time.monotonic()
            self.answers.append((began, *self.ask()))
            self._stop.wait(max(0.0, began + 0.4 - time.monotonic()))

    def ask(self) -> tuple[int, str]:
        """Status and version; 0 where there was no answer within three seconds."""
        try:
            with socket.create_connection((self._address, 443), 3) as plain, self._context.wrap_socket(plain, server_hostname="crab-vm.example.org") as secure:
                connection = http.client.HTTPConnection("crab-vm.example.org")
                connection.sock = secure
                connection.request("GET", "/crabserver/dev/info?subresource=version", headers={"Accept": "application/json", "Connection": "close"})
                answer = connection.getresponse()
                body = answer.read().decode()
            return answer.status, json.loads(body)["result"][0][0] if answer.status == 200 else body
        except (OSError, http.client.HTTPException, ValueError) as error:
            return 0, repr(error)

    @property
    def outage(self) -> float:
        """The longest time in seconds from a good answer to the next one, by when they were asked for; 0.1 is none."""
        good = sorted(moment for moment, status, _ in self.answers if status == 200)
        assert len(good) > 1, self.answers[-3:]
        return max(later - earlier for earlier, later in zip(good, good[1:], strict=False))

    @property
    def versions(self) -> set[str]:
        return {version for _, status, version in self.answers if status == 200}
