/** What the tests of values ask Python about: what has arrived, and how a refusal is told. */

import assert from 'node:assert/strict'

import { PolyloomError, get } from '../../src/index.js'

/** Python functions: what came comes back; and its type and its text. */
export const ECHO = `
def echo(x): return x
def text(x): return [type(x).__qualname__ if type(x).__module__ == 'builtins' else type(x).__module__ + '.' + type(x).__qualname__, repr(x)]
`

/** Run Python source in a new module named `probe` and return it. */
export function probe($py: (module: string) => any, source: string): any {
  const module = $py('types').ModuleType('probe')
  $py('builtins').exec(source, get(module, '__dict__'))
  return module
}

/** Expect an error of a class, at a path, with a message. */
export async function refused(
  run: () => unknown,
  kind: new (...given: any[]) => PolyloomError,
  path: string | RegExp,
  message: RegExp,
): Promise<void> {
  await assert.rejects(
    async () => run(),
    (error: PolyloomError) => {
      assert.ok(error instanceof kind, String(error))
      assert.match(error.message, message)
      if (typeof path === 'string') assert.equal(error.path, path)
      else assert.match(error.path, path)
      return true
    },
  )
}

/** Texts that break systems: after the Big List of Naughty Strings, and the borders of UTF-16 and JSON. */
export const NAUGHTY: readonly string[] = [
  ...[
    '',
    ' ',
    '\u0000',
    'a\u0000b',
    '\u0001\u001f\u007f\u0080\u009f',
    '\t\r\n\v\f',
    '\u2028\u2029',
    '\ufeff',
    '\ufffe\uffff',
  ],
  ...[
    'undefined',
    'null',
    'NULL',
    'None',
    'nil',
    'true',
    'True',
    'NaN',
    'Infinity',
    '-0',
    '1.0',
    '1e5',
    '0x10',
    '１２３',
  ],
  ...[
    '\\',
    '\\\\',
    '"',
    "'",
    '`',
    '</script>',
    '<!--',
    '${x}',
    '{{x}}',
    '%s%d%n',
    '../../etc/passwd',
    "'; DROP TABLE x; --",
  ],
  ...['["int","5"]', '["ref",1]', '{"t":"bye"}', '__proto__', 'constructor', 'then', 'hasOwnProperty', '__class__'],
  ...[
    'é',
    'e\u0301',
    'Ω≈ç√∫˜µ≤≥÷',
    '田中さん',
    '사회과학원',
    'ﬀ',
    'İi',
    'ß',
    'שלום',
    '\u202etest\u202c',
    '\u200b\u200d\u2060',
  ],
  ...[
    '\u{1f600}',
    '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}',
    '\u{1f1e9}\u{1f1ea}',
    '\u{10ffff}',
    'Z\u0351\u036b\u0343',
    '⁰⁴⁵₀₁₂',
  ],
  ...['\ud800', '\udfff', 'a\ud800b', '\udc00\ud800', '\ud83d\u0041', 'x'.repeat(70_000)],
]
