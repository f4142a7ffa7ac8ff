"""`python -m bench.soak [--minutes 10]`: does the service stay as it is, hour after hour?

Clients with several customers ask for pages, JSON, cards, health, the portal and the webhook,
while Stripe (the emulator) fails in every way there is, and recovers, and fails again. At the end
nobody may have seen a wrong card or a fault of ours, and the workers must hold no more memory,
threads and sockets than after the warm-up, which is one round of all the faults.

Everything stays on the loopback interface. The exit code is 0 when all is well, 1 when it is not,
2 where it cannot be measured (there is no /proc).
"""

from __future__ import annotations

import argparse
import hashlib
import hmac
import http.client
import json
import os
import random
import re
import shlex
import signal
import socket
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt

from demo.emulator import Emulator

ROOT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
WORKERS = 2
CLIENTS = 8
CUSTOMERS_EACH = 5
TOKEN_SECRET = "a made-up secret that signs the tokens of this bench"
WEBHOOK_SECRET = "whsec_a_made_up_signing_secret"
SETTINGS = {
    "WEB_CONCURRENCY": str(WORKERS),
    "GUNICORN_THREADS": "64",  # full after the warm-up
    "SECRET_KEY": "a made-up key that signs the cookies of this bench",
    "BILLING_TOKEN_SECRET": TOKEN_SECRET,
    "STRIPE_WEBHOOK_SECRET": WEBHOOK_SECRET,
    "BILLING_CACHE_TTL": "2",
    "BILLING_STRIPE_TIMEOUT": "2",
    "BILLING_PAGE_CACHE_BYTES": "1048576",  # full after the warm-up, as it is after a day
}

ANSWERS_WITHIN = 15.0
"""Seconds, after which a request counts as lost; far more than the service may take."""

RECOVERS_WITHIN = 5.0
"""Seconds after a fault in which a 503 is still in order."""

ROUNDS_PER_MINUTE = 2

BURST, BURSTS = 160, 4
"""Requests at once, and how often, that make every thread pool grow to its size."""

MORE_MEMORY = 20 * 2**20
MORE_THREADS = 4
MORE_SOCKETS = 8
"""What each worker may hold more than after the warm-up: pools fill up by chance."""

WEIGHTS = {"page": 30, "json": 30, "card": 20, "health": 10, "portal": 5, "webhook": 5}

FAULTS: Mapping[str, Mapping[str, Any]] = {
    "errors": {"status": 500},
    "too many": {"status": 429},
    "dropped": {"drop": True},
    "gibberish": {"status": 200, "body": "<html>maintenance</html>"},
    "hanging": {"hang": True},
}


@dataclass
class Customer:
    """One customer. The date on the card is of no other; ``canceling`` is the state at Stripe."""

    number: int
    cookies: dict[str, str] = field(default_factory=dict)
    canceling: bool = False

    @property
    def id(self) -> str:
        return f"cus_soak{self.number:03}"

    @property
    def subscription(self) -> str:
        return f"sub_soak{self.number:03}"

    @property
    def end(self) -> datetime:
        """The end of the period that is paid for, and of the subscription once it is canceled."""
        return datetime(2077, 1, 1, 11, tzinfo=UTC) + timedelta(days=self.number)

    def token(self) -> str:
        claims = {"sub": self.id, "aud": "billing-proxy", "exp": int(time.time()) + 86_400}
        return jwt.encode(claims, TOKEN_SECRET, algorithm="HS256")


class Trouble:
    """What Stripe suffers from at the moment, if from anything.

    ``warm`` says that every card has been read once: before, a 503 is in order.
    """

    def __init__(self, stripe: Emulator) -> None:
        self._stripe = stripe
        self._over_at = 0.0
        self._now: str | None = None
        self.warm = False

    def begin(self, name: str) -> None:
        self._now = name
        self._stripe.fail(times=None, **FAULTS[name])

    def end(self) -> None:
        self._stripe.clear_faults()
        self._over_at, self._now = time.monotonic(), None

    def excuses(self, since: float) -> bool:
        """Whether a request that was sent at ``since`` may have met it, or its aftermath."""
        ill = self._now is not None or since < self._over_at + RECOVERS_WITHIN
        return ill or not self.warm


@dataclass
class Tally:
    """What came of all requests; safe to add to from several threads."""

    statuses: Counter[tuple[str, str]] = field(default_factory=Counter)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, kind: str, status: str, took: float) -> None:
        with self._lock:
            self.statuses[kind, status] += 1
            self.seconds.setdefault(kind, []).append(took)

    def blame(self, what: str) -> None:
        with self._lock:
            self.wrong.append(what)


class Service:
    """Gunicorn, as the Procfile starts it, on a free port of the loopback interface."""

    def __init__(self, stripe: Emulator) -> None:
        with socket.socket() as probe:
            probe.bind((HOST, 0))
            self.port: int = probe.getsockname()[1]
        (line,) = re.findall(r"^web:\s*(.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE)
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
        self.complaints: deque[str] = deque(maxlen=20)
        self._process = subprocess.Popen(
            shlex.split(line),
            cwd=ROOT,
            env={
                **SETTINGS,
                "PATH": path,
                "GUNICORN_CMD_ARGS": f"--bind {HOST}:{self.port}",
                "STRIPE_SECRET_KEY": stripe.key,
                "STRIPE_API_BASE": stripe.url,
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def workers(self) -> list[int]:
        """The process ids of the workers."""
        task = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        return [int(pid) for pid in task.read_text().split()]

    def wait_until_ready(self) -> None:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and self._process.poll() is None:
            with closing(Client(self.port)) as client:
                try:
                    if client.get("/readyz").status == 200:
                        return
                except OSError:
                    time.sleep(0.1)
        raise SystemExit(f"the service did not start: {list(self.complaints)}")

    def stop(self) -> int:
        """Stop it in good order; gives the exit code, or kills it and gives -9."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(40)
        except subprocess.TimeoutExpired:
            return -9
        finally:
            self.kill()

    def kill(self) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)
        self._reader.join(10)
        if self._process.stdout:
            self._process.stdout.close()

    def _read(self) -> None:
        assert self._process.stdout
        for line in self._process.stdout:
            if "Traceback" in line or "CRITICAL" in line or "unexpected error" in line:
                self.complaints.append(line.strip())


@dataclass(frozen=True)
class Answer:
    status: int
    headers: http.client.HTTPMessage
    text: str


class Client:
    """One connection that is kept open, as a proxy in front keeps it."""

    def __init__(self, port: int) -> None:
        self._connection = http.client.HTTPConnection(HOST, port, timeout=ANSWERS_WITHIN)

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> Answer:
        return self._ask("GET", path, headers or {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        return self._ask("POST", path, headers, body)

    def close(self) -> None:
        self._connection.close()

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        try:
            self._connection.request(method, path, body, dict(headers))
            answer = self._connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read().decode())
        except (OSError, http.client.HTTPException) as problem:
            self._connection.close()
            raise OSError(repr(problem)) from problem


class Visitor(threading.Thread):
    """Asks for the cards of its own customers, one thing after another, until it is told to stop.

    Nobody else changes these customers, so it knows what has to be on their cards.
    """

    def __init__(
        self,
        stripe: Emulator,
        port: int,
        customers: Sequence[Customer],
        tally: Tally,
        trouble: Trouble,
        enough: threading.Event,
    ) -> None:
        super().__init__(daemon=True)
        self._stripe, self._client = stripe, Client(port)
        self._customers, self._tally = customers, tally
        self._trouble, self._enough = trouble, enough
        self._random = random.Random(customers[0].number)
        self._tokens = {customer.id: customer.token() for customer in customers}

    def run(self) -> None:
        kinds, weights = list(WEIGHTS), list(WEIGHTS.values())
        for customer in self._customers:
            answer = self._client.get(f"/billing/?token={self._tokens[customer.id]}")
            self._keep_cookies(customer, answer)
        while not self._enough.is_set():
            (kind,) = self._random.choices(kinds, weights)
            getattr(self, f"_{kind}")(self._random.choice(self._customers))
        self._client.close()

    def _page(self, customer: Customer) -> None:
        self._card_at("page", "/billing/", customer, Accept="text/html")

    def _card(self, customer: Customer) -> None:
        self._card_at("card", "/billing/card", customer, Accept="text/html")

    def _json(self, customer: Customer) -> None:
        path = "/billing/subscription.json"
        headers = {"Authorization": f"Bearer {self._tokens[customer.id]}"}
        answer = self._ask("json", lambda: self._client.get(path, headers))
        if answer and answer.status == 200:
            body = json.loads(answer.text)
            if (body["customer"], body["subscription"]) != (customer.id, customer.subscription):
                self._tally.blame(f"json: {customer.id} got {body['customer']}")

    def _health(self, _: Customer) -> None:
        path = self._random.choice(("/healthz", "/readyz", "/billing/readyz"))
        answer = self._ask("health", lambda: self._client.get(path))
        if answer and answer.status != 200:
            self._tally.blame(f"health: {path} answered {answer.status}")

    def _portal(self, customer: Customer) -> None:
        """There, a change of mind, and back: what is shown next must be the new state."""
        headers = self._cookie(customer)
        answer = self._ask("portal", lambda: self._client.get("/billing/portal", headers))
        if answer is None or answer.status != 303:
            return
        self._keep_cookies(customer, answer)
        customer.canceling = not customer.canceling
        end = int(customer.end.timestamp()) if customer.canceling else None
        self._stripe.account.update(customer.subscription, cancel_at=end)
        back = self._ask("portal", lambda: self._client.get("/billing/return", headers))
        if back is None:
            return
        self._keep_cookies(customer, back)
        headers = {**self._cookie(customer), "Accept": "application/json"}
        answer = self._ask("json", lambda: self._client.get("/billing/", headers))
        if answer is None or answer.status != 200:
            return
        body = json.loads(answer.text)
        code = "canceling" if customer.canceling else "active"
        if not body["stale"] and body["status"]["code"] != code:
            self._tally.blame(f"portal: {customer.id} is {code}, shown {body['status']['code']}")

    def _webhook(self, customer: Customer) -> None:
        event = {
            "type": "customer.subscription.updated",
            "livemode": False,
            "data": {"object": {"id": customer.subscription, "customer": customer.id}},
        }
        body, now = json.dumps(event).encode(), int(time.time())
        signed = hmac.new(WEBHOOK_SECRET.encode(), f"{now}.".encode() + body, hashlib.sha256)
        headers = {"Stripe-Signature": f"t={now},v1={signed.hexdigest()}"}
        path = "/billing/webhook"
        answer = self._ask("webhook", lambda: self._client.post(path, body, headers))
        if answer and answer.status != 204:
            self._tally.blame(f"webhook: answered {answer.status}")

    def _card_at(self, kind: str, path: str, customer: Customer, **headers: str) -> None:
        sent = {**headers, **self._cookie(customer)}
        answer = self._ask(kind, lambda: self._client.get(path, sent))
        if answer and answer.status == 200:
            dates = re.findall(r'<time datetime="([^"]+)">', answer.text)
            if dates != [customer.end.date().isoformat()]:
                self._tally.blame(f"{kind}: {customer.id} got {dates or 'no date'}")

    def _ask(self, kind: str, call: Callable[[], Answer]) -> Answer | None:
        started = time.monotonic()
        try:
            answer = call()
        except OSError as problem:
            self._tally.add(kind, "lost", time.monotonic() - started)
            self._tally.blame(f"{kind}: no answer: {problem}")
            return None
        self._tally.add(kind, str(answer.status), time.monotonic() - started)
        often = kind == "portal" and answer.status == 429  # more clicks than a customer may make
        excused = often or (answer.status == 503 and self._trouble.excuses(started))
        if answer.status >= 400 and not excused:
            self._tally.blame(f"{kind}: {answer.status} while Stripe was well")
        return answer

    def _cookie(self, customer: Customer) -> dict[str, str]:
        pairs = "; ".join(f"{name}={value}" for name, value in customer.cookies.items())
        return {"Cookie": pairs}

    def _keep_cookies(self, customer: Customer, answer: Answer) -> None:
        for line in answer.headers.get_all("Set-Cookie", []):
            name, _, value = line.partition(";")[0].partition("=")
            customer.cookies[name] = value


@dataclass(frozen=True)
class Holdings:
    """What a worker holds: bytes of memory, threads, sockets."""

    memory: int
    threads: int
    sockets: int

    @classmethod
    def of(cls, pid: int) -> Holdings:
        status = Path(f"/proc/{pid}/status").read_text()
        numbers = dict(re.findall(r"^(VmRSS|Threads):\s+(\d+)", status, re.MULTILINE))
        links = []
        for link in Path(f"/proc/{pid}/fd").iterdir():
            try:
                links.append(str(link.readlink()))
            except FileNotFoundError:  # closed meanwhile
                continue
        sockets = sum(link.startswith("socket:") for link in links)
        return cls(int(numbers["VmRSS"]) * 1024, int(numbers["Threads"]), sockets)

    def exceeds(self, before: Holdings) -> bool:
        return (
            self.memory > before.memory + MORE_MEMORY
            or self.threads > before.threads + MORE_THREADS
            or self.sockets > before.sockets + MORE_SOCKETS
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Run for so many minutes, print what came of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench.soak", description=main.__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="default: 10")
    minutes = parser.parse_args(arguments).minutes
    if not Path("/proc/self/status").exists():
        print("This measures processes by /proc, which this machine does not have.")
        return 2
    customers = [Customer(number) for number in range(CLIENTS * CUSTOMERS_EACH)]
    tally = Tally()
    with Emulator(latency=0.01) as stripe:
        for customer in customers:
            end = int(customer.end.timestamp())
            item = {"price": "price_pro_month", "current_period_end": end}
            stripe.account.add_customer(customer.id)
            stripe.account.add_subscription(customer.id, [item], id=customer.subscription)
        service = Service(stripe)
        try:
            service.wait_until_ready()
            trouble = Trouble(stripe)
            share = 60 / ROUNDS_PER_MINUTE / len(FAULTS) / 2
            rounds = max(1, round(minutes * ROUNDS_PER_MINUTE) - 1)
            print(f"Warming up, then {rounds} rounds of {len(FAULTS)} faults ...", flush=True)
            fill_pools(stripe, service, customers)
            before = under_load(stripe, service, customers, tally, trouble, 1, share)
            trouble.warm = True
            after = under_load(stripe, service, customers, tally, trouble, rounds, share)
            code = service.stop()
        finally:
            service.kill()
    if code != 0:
        tally.blame(f"the service stopped with exit code {code}")
    for line in service.complaints:
        tally.blame(f"log: {line}")
    return report(tally, before, after)


def fill_pools(stripe: Emulator, service: Service, customers: Sequence[Customer]) -> None:
    """So many slow requests at once that every pool of threads grows to its size."""
    usual, stripe.latency = stripe.latency, 0.5

    def ask(customer: Customer) -> None:
        headers = {"Authorization": f"Bearer {customer.token()}", "Cache-Control": "no-cache"}
        with closing(Client(service.port)) as client:
            client.get("/billing/subscription.json", headers)

    for _ in range(BURSTS):
        burst = [
            threading.Thread(target=ask, args=(customer,), daemon=True)
            for customer in customers
            for _ in range(BURST // len(customers))
        ]
        for request in burst:
            request.start()
        for request in burst:
            request.join(2 * ANSWERS_WITHIN)
    stripe.latency = usual


def under_load(
    stripe: Emulator,
    service: Service,
    customers: Sequence[Customer],
    tally: Tally,
    trouble: Trouble,
    rounds: int,
    share: float,
) -> dict[int, Holdings]:
    """Load for ``rounds`` of all faults, each on and off for ``share`` seconds; then what is left.

    A worker that came or went in between is a fault in itself, and shows in the report.
    """
    enough = threading.Event()
    visitors = [
        Visitor(stripe, service.port, customers[start::CLIENTS], tally, trouble, enough)
        for start in range(CLIENTS)
    ]
    for visitor in visitors:
        visitor.start()
    try:
        for _ in range(rounds):
            for name in FAULTS:
                enough.wait(share)
                trouble.begin(name)
                enough.wait(share)
                trouble.end()
        enough.wait(share)
    finally:
        enough.set()
        for visitor in visitors:
            visitor.join(2 * ANSWERS_WITHIN)
            if visitor.is_alive():
                tally.blame("a client did not come to an end")
    return settled(service)


def settled(service: Service) -> dict[int, Holdings]:
    """What each worker holds once that does not change any more, or after ten seconds."""
    last: dict[int, Holdings] = {}
    for _ in range(10):
        time.sleep(1)
        now = {pid: Holdings.of(pid) for pid in service.workers}
        if now == last:
            break
        last = now
    return last


def report(tally: Tally, before: Mapping[int, Holdings], after: Mapping[int, Holdings]) -> int:
    """Print the summary table; 0 when nothing is wrong with it."""
    if set(before) != set(after):
        tally.blame(f"the workers were {sorted(before)} and are {sorted(after)}")
    print(f"{'':9}{'requests':>9}{'median':>9}{'99%':>9}{'worst':>9}  answers")
    for kind, seconds in sorted(tally.seconds.items()):
        cuts = statistics.quantiles(seconds, n=100) if len(seconds) > 1 else seconds * 99
        times = "".join(f"{s * 1000:6.0f} ms" for s in (cuts[49], cuts[98], max(seconds)))
        of_kind = {s: n for (k, s), n in sorted(tally.statuses.items()) if k == kind}
        answers = ", ".join(f"{status} × {count}" for status, count in of_kind.items())
        print(f"{kind:9}{len(seconds):9}{times}  {answers}")
    print(f"{'worker':9}{'memory':>22}{'threads':>14}{'sockets':>14}")
    for pid in sorted(set(before) & set(after)):
        was, now = before[pid], after[pid]
        memory = f"{was.memory / 2**20:.1f} → {now.memory / 2**20:.1f} MiB"
        threads, sockets = f"{was.threads} → {now.threads}", f"{was.sockets} → {now.sockets}"
        print(f"{pid:<9}{memory:>22}{threads:>14}{sockets:>14}")
        if now.exceeds(was):
            tally.blame(f"worker {pid} holds more than after the warm-up")
    more = f"{MORE_MEMORY // 2**20} MiB, {MORE_THREADS} threads, {MORE_SOCKETS} sockets"
    print(f"allowed  {more} more than after the warm-up, for each worker")
    for what, count in Counter(tally.wrong).most_common(20):
        print(f"WRONG    {count} × {what}")
    print("NOT WELL" if tally.wrong else "ALL WELL")
    return 1 if tally.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
