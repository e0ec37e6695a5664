// Texts, in both directions.
import { call } from '../node/call.mjs'

export default {
  module: 'samples.values',
  cases: [
    {
      id: 'text',
      behaviours: ['C31'],
      sentence: 'a text with accents and emoji goes there and back',
      expected: 'na\u00efve \u{1f9f5} e\u0301',
      ...call('same', 'na\u00efve \u{1f9f5} e\u0301'),
    },
    {
      id: 'text-nul',
      behaviours: ['C31'],
      sentence: 'a text with NUL in it goes there and back',
      expected: 'a\0b',
      ...call('same', 'a\0b'),
    },
    {
      id: 'surrogate',
      behaviours: ['C31'],
      sentence: 'half of a surrogate pair comes back',
      expected: '\ud83e',
      ...call('lone_surrogate'),
    },
    {
      id: 'surrogate-sent',
      behaviours: ['C31'],
      sentence: 'half of a surrogate pair is the same code point in Python',
      expected: [0x61, 0xd83e],
      ...call('code_points', 'a\ud83e'),
    },
    {
      id: 'long-text',
      behaviours: ['C31', 'J99'],
      sentence: 'a text of 80 million characters arrives in Python',
      expected: 80_000_000,
      conceded: 'the texts of one program are up to 62 million characters together; bytes may be longer',
      ...call('length', 'x'.repeat(80_000_000)),
    },
  ],
}
