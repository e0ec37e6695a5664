"""What is spent, by whom: counters of the server and CPU times of the processes, and what they grew by."""

import time
from dataclasses import astuple, dataclass

from frame.commands import carried_out
from scale.fleet import Fleet


@dataclass(frozen=True)
class Cost:
    """Totals, or the difference of two totals."""

    seconds: float
    commands: float
    redis_cpu: float  # seconds
    bytes_in: float  # to the server
    bytes_out: float
    worker_cpu: float  # seconds
    client_cpu: float

    @classmethod
    def of(cls, fleet: Fleet) -> "Cost":
        used, traffic = fleet.redis.info("cpu"), fleet.redis.info("stats")
        return cls(
            time.monotonic(),
            carried_out(fleet.redis),
            used["used_cpu_user"] + used["used_cpu_sys"],
            traffic["total_net_input_bytes"],
            traffic["total_net_output_bytes"],
            fleet.worker_cpu(),
            fleet.client_cpu(),
        )

    def __sub__(self, other: "Cost") -> "Cost":
        return Cost(*(mine - theirs for mine, theirs in zip(astuple(self), astuple(other), strict=True)))

    def __truediv__(self, number: float) -> "Cost":
        return Cost(*(one / number for one in astuple(self)))
