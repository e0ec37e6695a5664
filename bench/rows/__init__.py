"""The table of rows, in the order in which they run."""

from frame.row import Row
from rows import p1, p2, p3, p4, p5, p11

ROWS: dict[str, Row] = {module.ROW.id: module.ROW for module in (p1, p2, p3, p4, p5, p11)}
