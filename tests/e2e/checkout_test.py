"""The checkout sample as a program: a saga over SQLite and an adapter of its own, and a job behind it."""

import concurrent.futures
import contextlib
import http.client
import json
import signal
import sqlite3
import time
import unittest

from service import TIMEOUT, Service, folder

TEA, TEA_CENTS = "tea", 690
POT, POT_CENTS = "pot", 2450
CUP, CUPS = "cup", 3


def cart(sku=TEA, quantity=1, customer="Ada", card="full card"):
    return {"sku": sku, "quantity": quantity, "customer": customer, "card": card}


class CheckoutTest(unittest.TestCase):
    """A service on an empty database for each test: its schema brings the products."""

    def setUp(self):
        self.folder = self.enterContext(folder())

    def start(self):
        return Service("checkout", "--workers", "2", "--saga-journal", str(self.folder / "sagas.db"),
                       environment={"DATABASE_URL": f"sqlite:{self.folder / 'checkout.db'}"})

    def order(self, service, key, **fields):
        return service.ask("POST", "/orders", cart(**fields), {"Idempotency-Key": key})

    def rows(self, query):
        with contextlib.closing(sqlite3.connect(self.folder / "checkout.db")) as database:
            return database.execute(query).fetchall()

    def assert_problem(self, answer, status):
        self.assertEqual((answer.status, answer.media_type), (status, "application/problem+json"), answer.body)

    def test_an_order_is_placed_paid_and_receipted(self):
        with self.start() as service:
            answer = self.order(service, "first", sku=POT, quantity=2, customer="friend")
            self.assertEqual(answer.status, 201, answer.body)
            self.assertEqual(answer.headers["location"], "/orders/first")
            cents = 2 * POT_CENTS * 9 // 10
            shown = service.ask("GET", "/orders/first")
            self.assertEqual((shown.status, shown.json), (200, {"id": "first", "sku": POT, "quantity": 2,
                                                                "cents": cents, "state": "closed"}))
            self.assertEqual(service.ask("GET", "/orders/first/payment").json, {"cents": cents, "charges": 1})
            # Each question is a round trip, so it is no busy wait.
            end = time.monotonic() + TIMEOUT
            while (receipt := service.ask("GET", "/orders/first/receipt")).status == 404:
                self.assertLess(time.monotonic(), end, receipt.body)
            self.assertEqual((receipt.status, receipt.json),
                             (200, {"number": 1, "id": "first", "customer": "friend", "cents": cents}))
            while (letter := service.ask("GET", "/orders/first/mail")).status == 404:
                self.assertLess(time.monotonic(), end, letter.body)
            self.assertEqual((letter.status, letter.json),
                             (200, {"to": "friend", "text": f"Receipt 1: {cents} cents for order first"}))
        self.assertEqual(self.rows("select order_id, quantity from reservation"), [("first", 2)])

    def test_a_declined_payment_gives_the_stock_back(self):
        with self.start() as service:
            self.assert_problem(self.order(service, "poor", sku=CUP, quantity=CUPS, card="empty"), 402)
            self.assert_problem(service.ask("GET", "/orders/poor/payment"), 404)
            self.assertEqual(service.ask("GET", "/orders/poor").json["state"], "cancelled")
            self.assertEqual(self.order(service, "poor", sku=CUP, quantity=CUPS).status, 409, "the key is used up")
            self.assertEqual(self.order(service, "rich", sku=CUP, quantity=CUPS).status, 201)
            self.assert_problem(self.order(service, "late", sku=CUP), 409)
            self.assert_problem(service.ask("GET", "/orders/late/payment"), 404)
        self.assertEqual(self.rows("select order_id from reservation"), [("rich",)])
        self.assertEqual(self.rows("select order_id from receipt"), [("rich",)])

    def test_the_same_key_is_the_same_order(self):
        with self.start() as service:
            first = self.order(service, "again")
            self.assertEqual(first.status, 201, first.body)
            for quantity in (1, 5):
                answer = self.order(service, "again", quantity=quantity)
                self.assertEqual((answer.status, answer.json["cents"]), (200, TEA_CENTS), answer.body)
            self.assertEqual(service.ask("GET", "/orders/again/payment").json, {"cents": TEA_CENTS, "charges": 1})
        self.assertEqual(self.rows("select count(*) from receipt"), [(1,)])

    def test_the_same_key_at_the_same_time(self):
        with self.start() as service:
            with concurrent.futures.ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _: self.order(service, "rush").status, range(32)))
            self.assertEqual(answers.count(201), 1, answers)
            self.assertLessEqual(set(answers), {200, 201, 202, 409})
            self.assertEqual(service.ask("GET", "/orders/rush/payment").json, {"cents": TEA_CENTS, "charges": 1})
        self.assertEqual(self.rows("select order_id, quantity from reservation"), [("rush", 1)])

    def test_without_a_key_nothing_is_sold(self):
        with self.start() as service:
            self.assert_problem(service.ask("POST", "/orders", cart()), 400)
            self.assert_problem(self.order(service, "unknown", sku="gold"), 404)
        self.assertEqual(self.rows("select count(*) from orders"), [(0,)])

    def test_an_order_that_has_begun_is_placed_before_the_end(self):
        with self.start() as service:
            for number in range(20):
                self.assertEqual(self.order(service, f"early {number}").status, 201)
            body = json.dumps(cart()).encode()
            with service.socket() as connection:
                connection.sendall(b"POST /orders HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\n"
                                   b"Idempotency-Key: last\r\nContent-Length: %d\r\n\r\n" % len(body))
                # The interim answer tells that the service has begun with the request.
                self.assertTrue(connection.recv(65536).startswith(b"HTTP/1.1 100 "))
                service.process.send_signal(signal.SIGTERM)
                connection.sendall(body)
                response = http.client.HTTPResponse(connection)
                response.begin()
                self.assertEqual(response.status, 201, response.read())
            service.process.wait(TIMEOUT)
            self.assertEqual(service.process.returncode, 0)
        self.assertEqual(self.rows("select count(*) from orders where state = 'closed'"), [(21,)])
        self.assertEqual(self.rows("select number from receipt order by number"), [(number,) for number in range(1, 22)],
                         "what is due is run before the end")


if __name__ == "__main__":
    unittest.main()
