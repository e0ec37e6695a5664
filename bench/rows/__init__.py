"""The table of rows, in the order in which they run."""

from frame.row import Row
from rows import callback, p1, p2, p3, p4, p5, p7, p9, p10, p11, p12

ALL = (p1.ROW, p1.ONE_CORE, p2.ROW, p3.ROW, p4.ROW, p5.ROW, p5.ONE_CORE, p7.ROW, p9.ROW, p10.ROW, p11.ROW, p12.ROW, callback.ROW)
ROWS: dict[str, Row] = {row.id: row for row in ALL}
