// Bytes, in both directions.
import { createHash } from 'node:crypto'
import { call } from '../node/call.mjs'
import { GIVEN, copying, reading } from '../node/copies.mjs'

const LARGE = 8 << 20
const EVERY_BYTE = Uint8Array.from({ length: 256 }, (_, index) => index)
const sha256 = (data) => createHash('sha256').update(new Uint8Array(data)).digest('hex')

const many = () => {
  const data = new Uint8Array(LARGE)
  for (let index = 0; index < LARGE; index += 1) data[index] = (index * 2654435761) >>> 16
  return data
}

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'bytes',
      behaviours: ['C32'],
      sentence: 'every byte of a bytes object can be read',
      expected: EVERY_BYTE,
      ...reading('every_byte', (bytes) => Uint8Array.from(bytes)),
    },
    {
      id: 'copied-bytes',
      sentence: `a copy of bytes is ${GIVEN}`,
      ...copying('every_byte'),
    },
    {
      id: 'bytes-sent',
      behaviours: ['C32', 'C39'],
      sentence: 'a Uint8Array is read byte by byte in Python',
      expected: [...EVERY_BYTE],
      ...call('items', EVERY_BYTE),
    },
    {
      id: 'megabytes',
      behaviours: ['C32'],
      sentence: '8 MB of bytes come unchanged',
      expected: '0766aca25d36e4aeac5358802bdef036cd3da842533ecc6e095f5b3ae9c35f81',
      polyloom: async ({ samples }) => sha256(await samples.many_bytes(LARGE)),
      pythonia: async ({ samples }) => sha256(await (await samples.many_bytes(LARGE)).valueOf()),
      'node-calls-python': async ({ py, samples }) => sha256(await py.call(samples, 'many_bytes', LARGE)),
    },
    {
      id: 'megabytes-sent',
      behaviours: ['C32'],
      sentence: '8 MB of bytes arrive unchanged in Python',
      expected: sha256(many()),
      ...call('digest', many()),
    },
  ],
}
