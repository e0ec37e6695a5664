"""The far side of the floor on Redis: BRPOP a request, LPUSH it back as it came."""

import sys

import redis


def main(url: str) -> None:
    client = redis.Redis.from_url(url, socket_timeout=None)  # the default gives up a BRPOP after seconds
    while True:
        _, request = client.brpop(["echo:requests"], timeout=0)
        client.lpush("echo:replies", request)


main(sys.argv[1])
