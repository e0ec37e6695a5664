// The reference lists everything that the compiler's tables do, with their words.

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DIAGNOSTICS } from '../../src/lisp/diagnostics.js'
import { MACROS } from '../../src/lisp/expand/macros.js'
import { SPECIALS } from '../../src/lisp/expand/specials.js'
import { CORE } from '../../src/lisp/runtime/table.js'

const page = (name: string): string =>
  readFileSync(new URL(`../../../../docs/reference/${name}.md`, import.meta.url), 'utf8')
const escaped = (text: string): string => text.replace(/\|/g, '\\|')
/** Names for the macros themselves. */
const isInternal = (name: string): boolean =>
  /[a-z]\*$|^keywords->map$|^unquote|^catch$|^finally$/.test(name) && name !== 'js*'

test('every form and macro is in the reference', () => {
  const text = page('lisp')
  for (const { name, arglist, doc } of [...SPECIALS, ...MACROS]) {
    if (isInternal(name)) continue
    if (doc === 'Not supported yet.') assert.ok(text.includes(`\`${name}\``), name)
    else assert.ok(text.includes(`| \`${escaped(`(${name} ${arglist}`.trim())})\` | ${escaped(doc)} |`), name)
  }
})
test('every function of the runtime core is in the reference', () => {
  const text = page('lisp')
  for (const [name, { args, doc }] of Object.entries(CORE)) {
    if (!isInternal(name))
      assert.ok(text.includes(`| \`${escaped(name)}\` | \`[${escaped(args)}]\` | ${escaped(doc)} |`), name)
  }
})
test('every diagnostic is in its page', () => {
  const text = page('diagnostics')
  for (const [code, { severity, message, hint }] of Object.entries(DIAGNOSTICS)) {
    assert.ok(text.includes(`| ${code} | ${severity} | ${escaped(message)} | ${escaped(hint)} |`), code)
  }
})
