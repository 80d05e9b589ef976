"""Clients that poll a server once a second until standard input ends; prints how long each
answer took (seconds) as a JSON list.
"""

from gitstars import _monkey  # noqa: F401  isort: skip

import http.client
import json
import random
import sys
import time

import gevent


def poll(port: int, path: str, headers: dict[str, str], waits: list[float]) -> None:
    """One client, one connection, one question a second; a server that is not there yet is asked
    again.
    """
    gevent.sleep(random.random())
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    while True:
        started = time.perf_counter()
        try:
            connection.request("GET", path, headers=headers)
            connection.getresponse().read()
            waits.append(time.perf_counter() - started)
        except (OSError, http.client.HTTPException):
            connection.close()
        gevent.sleep(max(0.0, 1.0 - (time.perf_counter() - started)))


def main() -> None:
    """Arguments: the number of clients, and what they ask in turn as a JSON list of ports, paths
    and headers.
    """
    clients, targets = int(sys.argv[1]), json.loads(sys.argv[2])
    waits: list[float] = []
    for number in range(clients):
        gevent.spawn(poll, *targets[number % len(targets)], waits)
    gevent.get_hub().threadpool.apply(sys.stdin.buffer.read)
    print(json.dumps(waits))


if __name__ == "__main__":
    main()
