#!/usr/bin/env python3
"""Posts the events of a shop that is open now to a running `millrace serve` with the live warehouse.

Usage: generate_live.py [--url http://127.0.0.1:8080] [--rate EVENTS_PER_SECOND] [--seconds N]
                        [--speed FACTOR] [--seed S]

Event times are now, out of order by less than the watermarks of live_ods.sql allow; one order in five hundred
comes more than a minute late, one record in a thousand is no row. --speed lets the shop's clock run so many
times faster than the wall's. Ends after N seconds (0: at Ctrl-C) and prints what it knows of the figures, as
JSON. Python's standard library only.
"""

import argparse
import http.client
import json
import math
import random
import signal
import threading
import time
import urllib.parse

CITIES = [("北京", "北京"), ("上海", "上海"), ("广东", "深圳"), ("广东", "广州"), ("浙江", "杭州"), ("浙江", "宁波"),
          ("四川", "成都"), ("江苏", "南京"), ("江苏", "苏州"), ("湖北", "武汉"), ("陕西", "西安"), ("湖南", "长沙")]
BEHAVIORS = ["pv"] * 88 + ["cart"] * 6 + ["fav"] * 4 + ["buy"] * 2
PAGES = ["/", "/items?id=7", "/cart", "/search?q=tea", "/style.css", "/help", "/logo.png"]
# Parts of a hundred of all events; a quarter of the orders' share comes again as payment and receipt.
SHARES = {"user_behavior": 70, "ad_click": 8, "login": 4, "orders": 8, "web_log": 10}
DISORDER_MS = 3000      # of 5000 that the watermarks wait
LATE_MS = 65_000
WATERMARK_MS = 5000
WINDOW_MS = 10_000
ZONE_MS = 8 * 3600 * 1000  # Asia/Shanghai


class Refused(Exception):
    """The server gave an answer that no healthy one gives."""


class Shop:
    """Makes events and knows what the figures over them must be. Amounts are in cents."""

    def __init__(self, seed=7, speed=1.0):
        self.random = random.Random(seed)
        self.speed = speed
        self.began_ms = time.time() * 1000
        self.order_id = 0
        self.owed = {table: 0.0 for table in SHARES}
        self.unpaid = []
        self.newest_order_ms = None
        self.accepted = {}   # rows made, by table
        self.malformed = {}  # and records that are none
        self.accepted_sent = {}   # what the server answered
        self.malformed_sent = {}
        self.orders = 0
        self.cents = 0
        self.cities = {}     # city -> [orders, cents]
        self.windows = {}    # start of ten seconds -> [orders, cents]
        self.late_orders = 0
        self.behaviors = 0
        self.page_views = 0
        self.visitors = set()
        self.customers = set()
        self.clicks = 0
        self.failed_logins = 0

    def now_ms(self):
        real = time.time() * 1000
        return int(self.began_ms + (real - self.began_ms) * self.speed)

    def skewed(self, n, skew=2.0):
        return 1 + int(n * math.pow(self.random.random(), skew))

    def event_ms(self, now):
        return now - int(self.random.random() * DISORDER_MS)

    def make(self, events):
        """About so many events: table -> records."""
        now = self.now_ms()
        records = {}
        for table, share in SHARES.items():
            self.owed[table] += events * share / 100
            count = int(self.owed[table])
            self.owed[table] -= count
            lines = records.setdefault(table, [])
            for _ in range(count):
                if self.random.random() < 0.001:
                    lines.append(self.malformed_record(table))
                    continue
                lines.append(getattr(self, "one_" + table)(now, records))
                self.accepted[table] = self.accepted.get(table, 0) + 1
        return {table: lines for table, lines in records.items() if lines}

    def malformed_record(self, table):
        self.malformed[table] = self.malformed.get(table, 0) + 1
        if table == "web_log":
            return "-- log rotated --"
        return self.random.choice(['{"user_id": 17, "ts": ', '{"user_id": "nobody", "ts": 1}', "hello"])

    def one_user_behavior(self, now, _):
        user = self.skewed(5000)
        item = 1 + (self.skewed(800, 3.0) + now // 30_000 * 37) % 800  # what is in fashion changes
        behavior = self.random.choice(BEHAVIORS)
        self.behaviors += 1
        self.page_views += behavior == "pv"
        self.visitors.add(user)
        return (f'{{"user_id":{user},"item_id":{item},"category_id":{item % 40},"behavior":"{behavior}",'
                f'"ts":{self.event_ms(now)}}}')

    def one_ad_click(self, now, _):
        province, city = self.random.choice(CITIES)
        # One visitor clicks on the same advertisement again and again, and ends on the blacklist.
        user, ad = (666, 13) if self.random.random() < 0.05 else (self.skewed(5000), self.skewed(30))
        self.clicks += 1
        return (f'{{"user_id":{user},"ad_id":{ad},"province":"{province}","city":"{city}",'
                f'"ts":{self.event_ms(now)}}}')

    def one_login(self, now, _):
        user, outcome = self.skewed(5000), "fail" if self.random.random() < 0.2 else "success"
        self.failed_logins += outcome == "fail"
        return (f'{{"user_id":{user},"ip":"10.0.{user % 250}.{user % 7}","outcome":"{outcome}",'
                f'"ts":{self.event_ms(now)}}}')

    def one_orders(self, now, records):
        self.order_id += 1
        province, city = CITIES[self.skewed(len(CITIES)) - 1]
        user, cents = self.skewed(5000), 100 + self.skewed(50_000)
        ts = self.event_ms(now)
        # A row that is more than a minute late: its ten seconds are over for certain.
        if self.newest_order_ms is not None and self.random.random() < 0.002:
            ts = self.newest_order_ms - LATE_MS
            self.late_orders += 1
        else:
            self.newest_order_ms = max(ts, self.newest_order_ms or ts)
            window = self.windows.setdefault(ts // WINDOW_MS * WINDOW_MS, [0, 0])
            window[0] += 1
            window[1] += cents
        self.orders += 1
        self.cents += cents
        self.customers.add(user)
        of_city = self.cities.setdefault(city, [0, 0])
        of_city[0] += 1
        of_city[1] += cents
        self.add(records, "order_event", f'{{"order_id":{self.order_id},"event":"create","ts":{ts}}}')
        if self.random.random() < 0.8:
            self.unpaid.append(self.order_id)
        if len(self.unpaid) > 20:
            paid = self.unpaid.pop(0)
            self.add(records, "order_event",
                     f'{{"order_id":{paid},"event":"pay","transaction_id":"t{paid}","ts":{now}}}')
            channel = self.random.choice(["alipay", "wechat", "card"])
            self.add(records, "receipt", f'{{"transaction_id":"t{paid}","channel":"{channel}","ts":{now}}}')
        return (f'{{"order_id":{self.order_id},"user_id":{user},"province":"{province}","city":"{city}",'
                f'"amount":"{cents // 100}.{cents % 100:02}","ts":{ts}}}')

    def add(self, records, table, line):
        records.setdefault(table, []).append(line)
        self.accepted[table] = self.accepted.get(table, 0) + 1

    def one_web_log(self, now, _):
        log_time = time.strftime("%d/%m/%Y:%H:%M:%S", time.gmtime(self.event_ms(now) // 1000))
        return f"10.1.{self.skewed(200)}.{self.skewed(200)} - - {log_time} +0000 GET {self.random.choice(PAGES)}"

    def closed_windows(self):
        """[start in the shop's wall clock, orders, cents] of the ten seconds that are over."""
        if self.newest_order_ms is None:
            return []
        watermark = self.newest_order_ms - WATERMARK_MS
        rows = []
        for start, (orders, cents) in sorted(self.windows.items()):
            if start + WINDOW_MS - 1 <= watermark:
                wall = time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime((start + ZONE_MS) // 1000))
                rows.append([wall, orders, cents])
        return rows

    def totals(self):
        return {"accepted": self.accepted, "malformed": self.malformed, "orders": self.orders,
                "amount": f"{self.cents // 100}.{self.cents % 100:02}", "late_orders": self.late_orders,
                "events": self.behaviors, "page_views": self.page_views, "visitors": len(self.visitors),
                "clicks": self.clicks, "failed_logins": self.failed_logins}


class Client:
    """One kept-alive connection. Not to be shared by threads."""

    def __init__(self, url, timeout=30):
        self.address = urllib.parse.urlsplit(url).netloc
        self.timeout = timeout
        self.connection = None

    def request(self, method, path, body=None, content_type=None):
        """Status and body of the answer. Nothing is sent a second time: after an error it is not known what of it
        was taken."""
        if self.connection is None:
            self.connection = http.client.HTTPConnection(self.address, timeout=self.timeout)
        try:
            self.connection.request(method, path, body, {"Content-Type": content_type} if content_type else {})
            answer = self.connection.getresponse()
            return answer.status, answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            raise

    def post(self, table, lines, visible=False):
        """Posts records; returns how many were accepted and rejected. Waits while the table has no room."""
        body = ("\n".join(lines) + "\n").encode()
        kind = "text/plain" if table == "web_log" else "application/x-ndjson"
        accepted = rejected = 0
        while True:
            status, text = self.request("POST", f"/v1/tables/ods.{table}" + ("?visible=true" if visible else ""), body, kind)
            answer = json.loads(text)
            if "accepted" not in answer or ("error" in answer and status != 429):
                raise Refused(f"POST to ods.{table}: {status} {text.decode()}")
            accepted += answer["accepted"]
            rejected += answer["rejected"]
            if status != 429:
                return accepted, rejected
            self.close()
            body = body[answer["resume_offset"]:]

    def sql(self, statement):
        """Rows of one statement; decimals as text."""
        status, text = self.request("POST", "/v1/sql", json.dumps({"sql": statement}), "application/json")
        if status != 200:
            raise Refused(f"{statement}: {status} {text.decode()}")
        return json.loads(text, parse_float=str).get("rows", [])

    def close(self):
        if self.connection is not None:
            self.connection.close()
            self.connection = None


def post_all(client, shop, records, visible=False):
    for table, lines in records.items():
        accepted, rejected = client.post(table, lines, visible)
        shop.accepted_sent[table] = shop.accepted_sent.get(table, 0) + accepted
        if rejected:
            shop.malformed_sent[table] = shop.malformed_sent.get(table, 0) + rejected


def generate(client, shop, rate, stop, seconds=0, tick=0.1):
    """Posts `rate` events a second until `stop` (a threading.Event) or `seconds` are over. When it returns, all
    that was posted is visible to queries. Ticks that were missed are made up for, no more than a second of them."""
    end = time.monotonic() + seconds if seconds else math.inf
    last = time.monotonic()
    while not stop.is_set() and time.monotonic() < end:
        stop.wait(tick)
        now = time.monotonic()
        post_all(client, shop, shop.make(rate * min(now - last, 1.0)))
        last = now
    post_all(client, shop, shop.make(rate * tick + 20), visible=True)
    if shop.accepted_sent != shop.accepted or shop.malformed_sent != shop.malformed:
        raise Refused(f"accepted {shop.accepted_sent}, rejected {shop.malformed_sent}; "
                      f"sent were {shop.accepted} and malformed {shop.malformed}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--url", default="http://127.0.0.1:8080")
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=0)
    parser.add_argument("--speed", type=float, default=1)
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    shop = Shop(options.seed, options.speed)
    client = Client(options.url)
    generate(client, shop, options.rate, stop, options.seconds)
    client.close()
    print(json.dumps(shop.totals(), ensure_ascii=False))


if __name__ == "__main__":
    main()
