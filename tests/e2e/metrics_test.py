"""What a service says of itself to Prometheus, and what it records of a request."""

import contextlib
import http.client
import json
import pathlib
import re
import shutil
import signal
import sqlite3
import subprocess
import time
import unittest

from relay_test import Bank
from service import BIN, TIMEOUT, Service, folder, run

FLOW = pathlib.Path(__file__).resolve().parent / "metrics" / "desk.flow"
PROMTOOL = shutil.which("promtool")
SAMPLE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')
LABEL = re.compile(r'([a-z_]+)="((?:[^"\\]|\\.)*)"')
OPEN_METRICS = "application/openmetrics-text"


class Desk(Service):
    """The service, with its metrics on a port of their own."""

    def __init__(self, *arguments, **environment):
        super().__init__("e2e_desk", "--metrics", "127.0.0.1:0", *arguments, environment={"no_proxy": "*", **environment})

    @property
    def metrics_port(self):
        end = time.monotonic() + TIMEOUT
        while time.monotonic() < end:
            for line in self.output:
                if match := re.search(r"metrics on http://127\.0\.0\.1:([1-9]\d*)/metrics", line):
                    return int(match[1])
        raise AssertionError("".join(self.output))

    def scrape(self, accept="text/plain", method="GET", path="/metrics"):
        with contextlib.closing(http.client.HTTPConnection("127.0.0.1", self.metrics_port, timeout=TIMEOUT)) as connection:
            connection.request(method, path, headers={"Accept": accept})
            response = connection.getresponse()
            return response.status, response.headers, response.read().decode()

    def metrics(self):
        return Metrics(self.scrape()[2])


class Metrics:
    """The samples of a scrape."""

    def __init__(self, text):
        self.text = text
        self.samples = {}
        for line in text.splitlines():
            if line.startswith("#"):
                continue
            name, labels, value = SAMPLE.match(line).groups()
            key = name, frozenset(LABEL.findall(labels or ""))
            assert key not in self.samples, line
            self.samples[key] = float(value)

    def value(self, name, **labels):
        return self.samples.get((name, frozenset(labels.items())), 0)


class DeskTest(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(folder()))
        self.bank = Bank()
        self.addCleanup(self.bank.close)
        self.database = self.folder / "desk.db"
        with contextlib.closing(sqlite3.connect(self.database)) as database:
            database.executescript("create table ticket(seat text primary key, payment text); create table seen(seat text primary key);")

    def start(self, *arguments):
        return Desk("--saga-journal", str(self.folder / "sagas.db"), *arguments,
                    BANK_URL=f"http://127.0.0.1:{self.bank.server_port}", DATABASE_URL=f"sqlite:{self.database}")

    def buy(self, service, seat):
        return service.ask("POST", "/tickets", {"seat": seat, "cents": 5}).status

    def pays(self, *statuses):
        self.bank.answers += [(status, {}, b'{"id":"p1"}') for status in statuses]


class MetricsTest(DeskTest):
    def test_figures_follow_what_happens(self):
        with self.start() as service:
            self.pays(200, 503, 200, 402, 404, 200)
            self.assertEqual(self.buy(service, "a1"), 201)
            self.assertEqual(self.buy(service, "a2"), 201)  # at the second attempt
            self.assertEqual(self.buy(service, "a3"), 402)
            self.assertEqual(service.ask("GET", "/tickets/a4").json, {"state": "unknown"})
            self.assertEqual(service.ask("GET", "/tickets/a5/check").status, 204)
            self.assertEqual(service.ask("GET", "/nowhere").status, 404)
            self.assertEqual(service.ask("PUT", "/tickets").status, 405)
            self.assertTrue(service.send_raw(b"GET /\r\n\r\n").startswith(b"HTTP/1.1 400 "))
            metrics = service.metrics()

        def requests(flow, method, route, status):
            return metrics.value("zerver_flow_requests_total", flow=f"desk.v1.{flow}", method=method, route=route, status=status)

        self.assertEqual(requests("buy", "POST", "/tickets", "201"), 2)
        self.assertEqual(requests("buy", "POST", "/tickets", "402"), 1)
        self.assertEqual(requests("show", "GET", "/tickets/{seat}", "200"), 1)
        self.assertEqual(requests("check", "GET", "/tickets/{seat}/check", "204"), 1)
        self.assertEqual([metrics.value("zerver_unrouted_requests_total", status=status) for status in ("400", "404", "405")], [1, 1, 1])
        self.assertEqual(metrics.value("zerver_flow_duration_seconds_count", flow="desk.v1.buy"), 3)
        self.assertEqual(metrics.value("zerver_flow_duration_seconds_bucket", flow="desk.v1.buy", le="+Inf"), 3)
        self.assertGreater(metrics.value("zerver_flow_duration_seconds_sum", flow="desk.v1.buy"), 0)

        # `buy` is interactive, all others are not.
        self.assertEqual([metrics.value("zerver_class_duration_seconds_count", **{"class": name})
                          for name in ("interactive", "normal", "batch")], [3, 2, 0])
        self.assertEqual(metrics.value("zerver_class_duration_seconds_sum", **{"class": "interactive"}),
                         metrics.value("zerver_flow_duration_seconds_sum", flow="desk.v1.buy"))

        def attempts(target, operation, outcome):
            return metrics.value("zerver_effect_attempts_total", target=f"desk.v1.{target}", operation=operation, outcome=outcome)

        self.assertEqual([attempts("bank", "post", outcome) for outcome in ("success", "unavailable", "rejected")], [2, 1, 1])
        self.assertEqual([attempts("bank", "get", outcome) for outcome in ("success", "missing")], [1, 1])
        self.assertEqual(metrics.value("zerver_effect_duration_seconds_count", target="desk.v1.bank", operation="post"), 4)
        self.assertEqual(attempts("db", "exec", "success"), metrics.value("zerver_target_succeeded_total", target="desk.v1.db"))
        self.assertEqual(metrics.value("zerver_target_retries_total", target="desk.v1.bank"), 1)
        self.assertEqual(metrics.value("zerver_target_breaker_state", target="desk.v1.bank", state="closed"), 1)
        self.assertEqual(metrics.value("zerver_sagas_total"), 3)
        self.assertEqual(metrics.value("zerver_sagas_stuck"), 0)
        self.assertEqual(metrics.value("process_open_fds") > 3, True)

    def test_a_target_that_is_gone_opens_its_breaker(self):
        with self.start() as service:
            self.pays(*[503] * 4)
            for seat in range(4):
                self.assertEqual(service.ask("GET", f"/tickets/{seat}").json, {"state": "unknown"})
            before = service.metrics()
            self.assertEqual(service.ask("GET", "/tickets/x").json, {"state": "unknown"})
            after = service.metrics()
        for state, value in (("open", 1), ("closed", 0), ("half-open", 0)):
            self.assertEqual(before.value("zerver_target_breaker_state", target="desk.v1.bank", state=state), value)
        self.assertEqual(before.value("zerver_target_breaker_openings_total", target="desk.v1.bank"), 1)
        self.assertEqual(before.value("zerver_target_breaker_refused_total", target="desk.v1.bank"), 0)
        self.assertEqual(after.value("zerver_target_breaker_refused_total", target="desk.v1.bank"), 1)

    def test_what_cannot_be_taken_back_is_a_metric(self):
        with self.start("--drain-timeout", "1s") as service:
            # The seat is sold: the payment is to be taken back, and the bank refuses that. When it is asked again it is silent.
            self.pays(200, 200, 402, None)
            self.assertEqual(self.buy(service, "a1"), 201)
            self.assertEqual(self.buy(service, "a1"), 409)
            end = time.monotonic() + TIMEOUT
            while len(self.bank.requests) < 4 or not service.metrics().value("zerver_sagas_open"):
                self.assertLess(time.monotonic(), end)
            metrics = service.metrics()
        # It ended well in the middle of that; the next start goes on.
        self.assertEqual([method for method, *_ in self.bank.requests], ["POST", "POST", "DELETE", "DELETE"])
        self.assertEqual(metrics.value("zerver_saga_undos_failed_total"), 1)
        self.assertEqual(metrics.value("zerver_sagas_open"), 1)
        self.assertEqual(metrics.value("zerver_sagas_stuck"), 0)

    def test_a_saga_that_waits_for_people_is_stuck(self):
        self.pays(None)
        with self.start() as service:
            service.expected_exit = -signal.SIGKILL
            with contextlib.closing(service.connect()) as connection:
                connection.request("POST", "/tickets", json.dumps({"seat": "a1", "cents": 5}))
                end = time.monotonic() + TIMEOUT
                while not self.bank.requests:
                    self.assertLess(time.monotonic(), end)
                service.process.kill()
        # As a program has left it behind whose step had a name that this one does not know.
        with contextlib.closing(sqlite3.connect(self.folder / "sagas.db")) as journal:
            self.assertEqual(journal.execute("update record set name = 'desk.v1.pay_by_card' where name = 'desk.v1.pay'").rowcount, 1)
            journal.commit()
        with self.start() as service:
            end = time.monotonic() + TIMEOUT
            while not (metrics := service.metrics()).value("zerver_sagas_stuck"):
                self.assertLess(time.monotonic(), end, metrics.text)
        self.assertEqual(metrics.value("zerver_sagas_stuck"), 1)
        self.assertEqual(metrics.value("zerver_sagas_open"), 1)
        self.assertEqual(len(self.bank.requests), 1)

    def test_jobs_are_counted(self):
        with self.start() as service:
            self.pays(200)
            self.assertEqual(self.buy(service, "a1"), 201)
            end = time.monotonic() + TIMEOUT
            while not (metrics := service.metrics()).value("zerver_job_attempts_total", job="desk.v1.remember", kind="job", outcome="success"):
                self.assertLess(time.monotonic(), end, metrics.text)
        self.assertEqual(metrics.value("zerver_job_duration_seconds_count", job="desk.v1.remember", kind="job"), 1)
        self.assertIn('zerver_job_attempts_total{job="desk.v1.sweep",kind="cron",outcome="success"} 0', metrics.text)

    def test_are_served_on_their_own_address_only(self):
        with self.start() as service:
            self.assertEqual(service.ask("GET", "/metrics").status, 404)
            status, headers, text = service.scrape()
            self.assertEqual((status, headers["Content-Type"]), (200, "text/plain; version=0.0.4; charset=utf-8"))
            self.assertNotIn("# EOF", text)
            status, headers, text = service.scrape(accept=OPEN_METRICS)
            self.assertEqual((status, headers["Content-Type"]), (200, f"{OPEN_METRICS}; version=1.0.0; charset=utf-8"))
            self.assertTrue(text.endswith("# EOF\n"))
            self.assertEqual(service.scrape(path="/tickets/a")[0], 404)
            self.assertEqual(service.scrape(method="POST")[0], 405)
            taken = run("e2e_desk", "--listen", "127.0.0.1:0", "--metrics", f"127.0.0.1:{service.metrics_port}",
                        "--saga-journal", str(self.folder / "other.db"), environment={"DATABASE_URL": f"sqlite:{self.database}"})
            self.assertEqual(taken.returncode, 2, taken)
            self.assertIn("cannot listen on", taken.stderr)

    def test_nothing_of_a_request_is_a_label(self):
        with self.start() as service:
            self.pays(200)
            service.ask("GET", "/tickets/s3cr3t-seat/check")
            service.ask("GET", "/nowhere/s3cr3t-seat")
            service.ask("S3CR3T", "/tickets")
            self.assertNotIn("s3cr3t", service.scrape()[2].lower())

    @unittest.skipIf(PROMTOOL is None, "promtool of Prometheus is not installed")
    def test_prometheus_understands_them(self):
        with self.start() as service:
            self.pays(200, 404)
            self.buy(service, "a1")
            service.ask("GET", "/tickets/a4")
            text = service.scrape()[2]
        checked = subprocess.run([PROMTOOL, "check", "metrics"], input=text, capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual((checked.returncode, checked.stdout, checked.stderr), (0, "", ""))

    @unittest.skipIf(PROMTOOL is None, "promtool of Prometheus is not installed")
    def test_rules_are_about_series_that_there_are(self):
        generated = subprocess.run([BIN / "zerver-compile", "--emit=alerts", "--out-dir", self.folder, FLOW],
                                   capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(generated.returncode, 0, generated.stderr)
        rules = next(self.folder.glob("**/*.alerts.yml"))
        checked = subprocess.run([PROMTOOL, "check", "rules", rules], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(checked.returncode, 0, checked.stdout + checked.stderr)
        named = set(re.findall(r"zerver_[a-z_]+", rules.read_text(encoding="utf-8")))
        with self.start() as service:
            self.pays(200)
            self.buy(service, "a1")
            there = {name for name, _ in service.metrics().samples}
        self.assertEqual(named - there, set())
        self.assertTrue({"zerver_flow_duration_seconds_bucket", "zerver_flow_requests_total", "zerver_flow_deadline_missed_total",
                         "zerver_sagas_stuck"} <= named, named)
        tests = self.folder / "rules_test.yml"
        # Every second request takes ten seconds and misses its deadline; a saga is stuck.
        tests.write_text(json.dumps({"rule_files": [str(rules)], "evaluation_interval": "1m", "tests": [{
            "interval": "1m",
            "input_series": [
                {"series": 'zerver_flow_duration_seconds_bucket{flow="desk.v1.buy",le="1"}', "values": "0+30x20"},
                {"series": 'zerver_flow_duration_seconds_bucket{flow="desk.v1.buy",le="10"}', "values": "0+60x20"},
                {"series": 'zerver_flow_duration_seconds_bucket{flow="desk.v1.buy",le="+Inf"}', "values": "0+60x20"},
                {"series": 'zerver_flow_requests_total{flow="desk.v1.buy",status="504"}', "values": "0+30x20"},
                {"series": 'zerver_flow_requests_total{flow="desk.v1.buy",status="201"}', "values": "0+30x20"},
                {"series": 'zerver_flow_deadline_missed_total{flow="desk.v1.buy"}', "values": "0+30x20"},
                {"series": 'zerver_sagas_stuck{instance="a"}', "values": "1x20"}],
            "alert_rule_test": [
                {"eval_time": "15m", "alertname": "ZerverFlowSlow",
                 "exp_alerts": [{"exp_labels": {"severity": "page", "flow": "desk.v1.buy", "owner": "tickets"},
                                 "exp_annotations": {
                                     "summary": "99 % of the requests of desk.v1.buy take up to 9.82s, of a budget of 8 s (80 % of its deadline)",
                                     "route": "/tickets"}}]},
                {"eval_time": "15m", "alertname": "ZerverFlowMissesDeadline",
                 "exp_alerts": [{"exp_labels": {"severity": "page", "flow": "desk.v1.buy", "owner": "tickets"},
                                 "exp_annotations": {"summary": "50% of the requests of desk.v1.buy miss their deadline of 10 s",
                                                     "route": "/tickets"}}]},
                {"eval_time": "15m", "alertname": "ZerverSagaStuck",
                 "exp_alerts": [{"exp_labels": {"severity": "page", "instance": "a", "owner": "tickets"},
                                 "exp_annotations": {"summary": "sagas wait for people, 1 of them: what they wrote cannot be taken back"}}]}],
        }]}), encoding="utf-8")
        tested = subprocess.run([PROMTOOL, "test", "rules", tests], capture_output=True, text=True, timeout=TIMEOUT)
        self.assertEqual(tested.returncode, 0, tested.stdout + tested.stderr)


class RecordsTest(DeskTest):
    """What is recorded of a request, and what is said of one that is not taken."""

    def records(self):
        records = [json.loads(line) for file in sorted((self.folder / "audit").iterdir()) for line in file.read_text().splitlines()]
        return [(record["kind"], record.get("name"), record.get("line")) for record in records if record["kind"] in ("rescued", "on-error", "error", "raised-at", "end")]

    def test_an_error_that_is_taken_is_a_decision(self):
        line = next(number for number, text in enumerate(FLOW.read_text().splitlines(), 1) if text.startswith("step look("))
        # One worker: each writes down what it did, in its order.
        with self.start("--audit", str(self.folder / "audit"), "--workers", "1") as service:
            self.pays(404, 503, 404, 503)
            self.assertEqual(service.ask("GET", "/tickets/a").json, {"state": "unknown"})
            self.assertEqual(service.ask("GET", "/tickets/a").json, {"state": "unknown"})
            self.assertEqual(service.ask("GET", "/tickets/a/check").status, 404)
            self.assertEqual(service.ask("GET", "/tickets/a/check").status, 503)
        self.assertEqual([(kind, name) for kind, name, _ in self.records()], [
            ("rescued", "desk.v1.Refused"), ("raised-at", "desk.flow"), ("end", "show"),
            ("rescued", "desk.v1.BankDown"), ("raised-at", "desk.flow"), ("end", "show"),
            ("on-error", "desk.v1.Refused"), ("raised-at", "desk.flow"), ("end", "check"),
            ("error", "desk.v1.BankDown"), ("raised-at", "desk.flow"), ("end", "check")])
        self.assertEqual({at for kind, _, at in self.records() if kind == "raised-at"}, {line})

    def test_a_body_that_says_it_is_no_json_is_not_taken(self):
        body = json.dumps({"seat": "a1", "cents": 5})
        with self.start() as service:
            for fields in ({"Content-Type": "text/plain"}, {"Content-Type": "application/xml; charset=utf-8"},
                           {"Content-Type": "multipart/form-data; boundary=x"}, {"Content-Type": "application/jsonp"}):
                answer = service.ask("POST", "/tickets", body, fields)
                self.assertEqual((answer.status, answer.headers["Accept"], answer.headers["Accept-Encoding"]),
                                 (415, "application/json", None), fields)
                self.assertEqual((answer.media_type, answer.json["status"]), ("application/problem+json", 415))
            answer = service.ask("POST", "/tickets", body, {"Content-Type": "application/json", "Content-Encoding": "gzip"})
            self.assertEqual((answer.status, answer.headers["Accept-Encoding"]), (415, "identity"))
            accepted = ({}, {"Content-Type": "application/json"}, {"Content-Type": "Application/JSON ; charset=utf-8"},
                        {"Content-Type": "application/vnd.tickets+json"}, {"Content-Type": "text/json"},
                        {"Content-Type": "application/json", "Content-Encoding": "Identity"},
                        {"Content-Type": "application/x-www-form-urlencoded"})  # as curl calls it
            for fields in accepted:
                self.pays(402)
                self.assertEqual(service.ask("POST", "/tickets", body, fields).status, 402, fields)
            # Whoever has it wrong in both ways learns of the type first; what is no JSON is another mistake.
            self.assertEqual(service.ask("POST", "/tickets", "<seat/>", {"Content-Type": "text/xml"}).status, 415)
            self.assertEqual(service.ask("POST", "/tickets", "<seat/>").status, 400)


if __name__ == "__main__":
    unittest.main()
