import assert from 'node:assert/strict'

import fc from 'fast-check'

import { onEveryHost } from './hosts.js'
import { probe } from './probe.js'

/** `made(seed)` is a value of any kind that is data; `lost(seed, value)` is None, or what the value should be and what it is. */
const MADE = `
import datetime, math, random, struct, uuid, zoneinfo
from decimal import Decimal
from fractions import Fraction
import numpy as np

ZONES = [None, datetime.timezone.utc, datetime.timezone(datetime.timedelta(seconds=-12345)), zoneinfo.ZoneInfo('Europe/Berlin')]
PLACES = [(0, 127), (128, 0x7ff), (0x800, 0xd7ff), (0xe000, 0xffff), (0x10000, 0x10ffff)]
DTYPES = ['?', 'i1', 'u1', 'i2', 'u2', 'i4', 'u4', 'i8', 'u8', 'f2', 'f4', 'f8', 'c8', 'c16', 'M8[us]', 'm8[D]', 'M8[ns]']

def number(r):
    'A float that has a fraction, or none that an int could be taken for.'
    while True:
        x = struct.unpack('<d', r.randbytes(8))[0] if r.random() < 0.5 else r.uniform(-9, 9)
        if not math.isnan(x) and (abs(x) >= 2**53 or not x.is_integer()): return x
def text(r):
    characters = [chr(r.randint(*r.choice(PLACES))) for _ in range(r.randint(0, 6))]
    return ''.join(characters) + r.choice(['', '', chr(r.randint(0xd800, 0xdfff))])
def moment(r):
    zone = r.choice(ZONES)
    micro = r.choice([0, 1000 * r.randint(0, 999), r.randint(0, 999_999)])
    at = datetime.datetime(r.randint(1, 9998), r.randint(1, 12), r.randint(1, 28), r.randint(0, 23), r.randint(0, 59), r.randint(0, 59), micro)
    return at.replace(tzinfo=zone, fold=r.randint(0, 1))
def array(r):
    shape = [r.randint(0, 3) for _ in range(r.randint(0, 3))]
    dtype = np.dtype(r.choice(DTYPES))
    data = np.frombuffer(r.randbytes(math.prod(shape) * dtype.itemsize), dtype=dtype if dtype.kind not in 'b' else 'u1').reshape(shape)
    data = np.asarray(data > 99) if dtype.kind == 'b' else data
    return r.choice([lambda x: x, np.asfortranarray, lambda x: x.T, lambda x: x[::-1] if x.ndim else x, lambda x: x.astype(x.dtype.newbyteorder('>'))])(data)

KEYS = [
    lambda r: r.choice([None, True, False]),
    lambda r: r.choice([1, -1]) * r.getrandbits(r.choice([4, 53, 54, 64, 300])),
    number, text, moment,
    lambda r: r.randbytes(r.randint(0, 9)),
    lambda r: moment(r).date(),
    lambda r: moment(r).timetz() if r.random() < 0.5 else moment(r).time(),
    lambda r: datetime.timedelta(r.randint(-999999999, 999999998), r.randint(0, 86399), r.randint(0, 999999)),
    lambda r: Decimal(r.choice(['0', '-0', '1.10', '1E+30', 'Infinity', str(r.getrandbits(200))])),
    lambda r: Fraction(r.randint(-99, 99), r.randint(1, 99)),
    lambda r: complex(number(r), number(r)),
    lambda r: uuid.UUID(bytes=r.randbytes(16)),
    lambda r: range(r.randint(-9, 9), r.getrandbits(60), r.randint(1, 9)),
]
def key(r, depth):
    if depth and r.random() < 0.3: return r.choice([tuple, frozenset])(key(r, depth - 1) for _ in range(r.randint(0, 3)))
    return r.choice(KEYS)(r)
def value(r, depth):
    if not depth or r.random() < 0.3: return array(r) if r.random() < 0.2 else key(r, 2)
    many = range(r.randint(0, 4))
    return r.choice([
        lambda: [value(r, depth - 1) for _ in many],
        lambda: tuple(value(r, depth - 1) for _ in many),
        lambda: {key(r, 2) for _ in many},
        lambda: frozenset(key(r, 2) for _ in many),
        lambda: {'.' + text(r): value(r, depth - 1) for _ in many},
        lambda: {key(r, 2): value(r, depth - 1) for _ in many},
    ])()
def exact(x):
    kind = type(x).__name__
    if kind in ('list', 'tuple'): return [kind, [exact(one) for one in x]]
    if kind in ('set', 'frozenset'): return [kind, sorted(repr(exact(one)) for one in x)]
    if kind == 'dict': return [kind, [[exact(k), exact(v)] for k, v in x.items()]]
    if kind == 'ndarray': return [kind, x.dtype.name, list(x.shape), x.astype(x.dtype.newbyteorder('=')).tobytes().hex()]
    return [kind, repr(x)]
def made(seed): return value(random.Random(seed), 3)
def lost(seed, x):
    there, here = exact(made(seed)), exact(x)
    return None if there == here else [repr(there), repr(here)]
`

onEveryHost((check) => {
  check('C28 to C38 any value that Python makes comes back as it was', async ({ $py }) => {
    const { made, lost } = probe($py, MADE)
    await fc.assert(
      fc.asyncProperty(fc.nat(), async (seed) => {
        assert.equal(await lost(seed, await made(seed)), null)
      }),
      { numRuns: 500 },
    )
  })
})
