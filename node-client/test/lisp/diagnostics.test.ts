// Every diagnostic: a program that has it, where it points, what it says, its hint.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LispSyntaxError, compile, compileLispToJS, formatDiagnostic } from '../../src/lisp/index.js'
import { DIAGNOSTICS, type Code } from '../../src/lisp/diagnostics.js'

type Row = readonly [source: string, place: string, message: string, hint: string]

// prettier-ignore
const GOLDEN: Readonly<Record<Code, Row>> = {
  L001: ['(f [1 2', '1:1-2', "'(' is never closed", "add the missing ')'"],
  L002: ['1 )', '1:3-4', "')' closes nothing", 'remove it, or open the form it should close'],
  L003: ['(let [a 1) a)', '1:10-11', "')' closes a form opened with '['", "write ']' here"],
  L004: ['(print "abc)', '1:8-9', 'this string is never closed', 'add the closing "'],
  L005: ["\"a\\qb\"", '1:3-5', "unknown escape '\\q' in a string", "use \\n \\t \\r \\0 \\\" \\\\ \\u{…}; write \\\\ for a backslash"],
  L006: ['(+ 1 12ab)', '1:6-10', "'12ab' is not a number", 'numbers look like 1 -2.5 1e3 0xff 1_000 12n ##Inf ##NaN'],
  L007: ["(print ')", '1:8-9', "''' has no form after it", 'write the form it applies to'],
  L008: ['{:a 1 :b}', '1:1-10', 'a map literal needs pairs', 'each key needs a value: {:a 1 :b 2}'],
  L009: ["#?(1) \\a", '1:1-3', "unknown reader form '#?'", 'known: #"regex" #{set} #(fn %) #_skipped ##Inf ##NaN'],
  L010: ['#"("', '1:1-5', 'the regular expression is not valid: Unterminated group', 'use the syntax of JavaScript regular expressions'],
  L011: ['(+ 1 ~x)', '1:6-7', "'~' is only meaningful inside a quasiquote", 'put a ` before the enclosing form'],
  L012: ['(prnt 1)', '1:2-6', "unknown symbol 'prnt'", "did you mean 'print'?"],
  L013: ['[: 1]', '1:2-3', "':' is not a valid keyword", 'keywords look like :name'],
  L014: ['['.repeat(401), '1:401-402', 'this form is nested too deeply', 'at most 400 levels: split it into functions'],
  L015: ['#(map #(inc %) %)', '1:7-9', '#( ) cannot be nested', 'name the parameters with (fn [x] …) in one of them'],
  L101: ['(if)', '1:1-5', "'if' is malformed: something is missing", 'its shape is (if test then else?)'],
  L102: ['(map when [1])', '1:6-10', "'when' is a macro, not a value", 'call it as (when …), or wrap it: (fn [x] (when x))'],
  L103: ['(let [x] x)', '1:7-8', 'a binding needs a name and a value', 'write [name value …], ((name value) …) or (name value …)'],
  L104: ['(let [1 2] 3)', '1:7-8', "'1' cannot be bound", 'bind a symbol, a [vector] or a {:keys [map]} pattern'],
  L105: ['(fn [x x] x)', '1:8-9', "'x' is bound twice here", 'give the second one another name'],
  L106: ['(set! count 1)', '1:7-12', "'count' cannot be assigned", 'only variables made by def, let, loop or a parameter can be the target of set!'],
  L107: ['(set! 5 1)', '1:7-8', 'this cannot be assigned to', 'the target of set! is a name, a dotted name or (. object key)'],
  L108: ['(loop [i 0] (+ 1 (recur i)))', '1:18-27', "'recur' is not in tail position", 'it must be the last thing its loop or function does, and not inside try'],
  L109: ['(loop [i 0] (recur 1 2))', '1:13-24', "'recur' takes 1 value(s) here, got 2", 'one value for each binding of the loop or parameter of the function'],
  L110: ['(recur 1)', '1:1-10', "'recur' is outside of a loop or function", 'wrap it in (loop [name value] …)'],
  L111: ['()', '1:1-3', '() cannot be called', "write '() for an empty list"],
  L112: ['("a" 1)', '1:2-5', "'\"a\"' cannot be called", 'the first item of a list must be a function, macro or keyword'],
  L113: ['(let [x 1] (pragma :await :auto) x)', '1:12-33', "'pragma' is only allowed among the forms of a file or body", 'move it out of the expression it is in'],
  L114: ['(catch e 1)', '1:1-12', "'catch' is not a form of its own", 'write it last inside (try …)'],
  L115: ['(case 1 [1] 2 3)', '1:9-12', 'a case needs constants', 'write a literal, or a list of literals, before each result'],
  L116: ['(for [x [1] :until 3] x)', '1:13-19', "unknown option ':until' of 'for'", 'known options: :when :let'],
  L117: ['(cond :else 1 2 3)', '1:15-16', "this is never reached: 'cond' has already decided", 'remove it, or move :else to the end'],
  L201: ["(defmacro m [x] (throw (new Error \"no\")))\n(m 1)", '2:1-6', "the macro 'm' failed: no", 'look at the macro definition; (expand …) shows what it makes'],
  L202: ["(defmacro m [] (loop [] (recur)))\n(m)", '2:1-4', "the macro 'm' ran for more than 1000000 steps", 'does it stop? a macro must not loop for ever'],
  L203: ["(defmacro m [] `(m))\n(m)", '2:1-4', 'expansion is nested more than 200 deep', "does 'm' expand to itself?"],
  L204: ["(defmacro m [] (fn [] 1))\n(m)", '2:1-4', 'a macro cannot return a function', 'return lists, vectors, maps, symbols, keywords, strings, numbers, true, false or nil'],
  L205: ["(def y 1)\n(defmacro m [] y)", '2:16-17', "'y' is a run-time value and a macro body runs at compile time", 'use core functions and other macros only'],
  L206: ["(define-syntax one (syntax-rules () ((_ a) a)))\n(one 1 2)", '2:1-10', "no rule of 'one' matches this use", 'the patterns are (_ a)'],
  L207: ['`~@x', '1:2-5', 'unquote-splicing needs a list around it', 'write `(… ~@xs …)'],
  L301: ["(defn f [a b] a)\n(f 1)", '2:1-6', "'f' takes 2 argument(s), got 1", 'its parameters are [a b]'],
  L302: ['(fn [a &] a)', '1:8-9', 'malformed parameters: a name is missing after &', 'parameters look like [a b (c default) & rest]'],
  L303: ['(fn ([a] 1) ([b] 2))', '1:1-21', 'two bodies take 1 argument(s)', 'each body of a function needs another number of parameters'],
  L304: ['(+ "a" 1)', '1:4-7', "'+' does not join strings", 'use (str a b)'],
  L305: ['(py.f :a 1 :a 2)', '1:12-14', "the keyword argument ':a' is given twice", 'remove one of them'],
  L306: ['(py.f :a 1 2)', '1:12-13', 'a positional argument follows a keyword argument', 'put keyword arguments last, as in Python'],
  L307: ['(py.f :&)', '1:7-9', "':&' needs a map after it", 'write :& options as the last argument'],
  L308: ['(:a)', '1:1-5', "':a' in the place of a function needs one or two arguments", 'write (:a map) or (:a map default)'],
  L309: ['(print ... 1)', '1:8-11', "'...' needs a value", 'write ...xs, with no space'],
  L401: ['(.forEach [1] (fn [x] (await (sleep 0))))', '1:15-41', "an async function is given to '.forEach', which does not await it", 'use (for …), (doseq …), (map …) or (pmap …) of the Lisp'],
  L402: ['(sort (fn [a b] (await (sleep 0))) [2 1])', '1:7-35', "an async function is given to 'sort', which cannot await it", 'await inside (for …) or (doseq …) instead'],
  L403: ['(spawn (sleep 0)) 1', '1:1-18', "the promise of 'spawn' is dropped", 'write (await …), or (let [p (spawn …)] …) and await it later'],
  L404: ['(defmacro m [] (await (sleep 1)))', '1:1-34', 'a macro cannot await', 'await in the code that the macro makes'],
  L501: ['(+ 1 (py.len [1]))', '1:6-18', 'an un-awaited Python result is used as data', 'write (await (py.len [1]))'],
  L502: ['(py.len [1]) 2', '1:1-13', 'the result of this Python call is dropped, and so would be its error', 'write (await (py.len [1]))'],
  L503: ['(py.len 1)', '1:2-8', "'py.…' needs $py, which is not among the import names", "pass importNames: ['$py', …] to the compiler"],
  L504: ['(print (py.len [1]))', '1:8-20', 'a Python value is printed without being awaited', 'write (await (py.len [1]))'],
  L505: ['(py.f :a? 1)', '1:7-10', "'a?' is not a Python name", 'Python names are letters, digits and _ (a - becomes _)'],
  L901: ['(defstruct P [x])', '1:1-18', "'defstruct' is not supported yet", 'use a map'],
}

const WITHOUT_PYTHON = new Set<string>(['L503'])

for (const [code, [source, place, message, hint]] of Object.entries(GOLDEN)) {
  test(`${code}: ${message}`, () => {
    const options = WITHOUT_PYTHON.has(code) ? { importNames: [] } : {}
    const compiled = compileLispToJS(source, options)
    const found = compiled.diagnostics.find((one) => one.code === code)
    assert.ok(found, compiled.diagnostics.map(formatDiagnostic).join('\n'))
    const end = found.endLine === found.line ? '' : `${found.endLine}:`
    assert.equal(`${found.line}:${found.column}-${end}${found.endColumn}`, place)
    assert.equal(found.message, message)
    assert.equal(found.hint, hint)
    assert.equal(
      compiled.code === '',
      compiled.diagnostics.some((one) => one.severity === 'error'),
    )
  })
}

test('every code has a hint, and no fact is left open in what was reported', () => {
  for (const [code, { hint, message }] of Object.entries(DIAGNOSTICS))
    assert.ok(hint.length > 3 && message.length > 3, code)
  for (const [, , message, hint] of Object.values(GOLDEN))
    assert.doesNotMatch(message + hint, /\{(name|form|text|reason|expected|found)\}/)
})
test('the human form', () => {
  const [first] = compileLispToJS('(let [a 1]\n\t(prnt a))', { sourceName: 'a.lisp' }).diagnostics
  assert.equal(
    formatDiagnostic(first!),
    "a.lisp:2:3: error L012: unknown symbol 'prnt'\n 2 | \t(prnt a))\n   | \t ^^^^\nhelp: did you mean 'print'?",
  )
})
test('the JSON form is the diagnostic itself', () => {
  const [first] = compileLispToJS('(prnt 1)', { sourceName: 'a.lisp' }).diagnostics
  assert.deepEqual(JSON.parse(JSON.stringify(first)), {
    code: 'L012',
    severity: 'error',
    message: "unknown symbol 'prnt'",
    hint: "did you mean 'print'?",
    file: 'a.lisp',
    line: 1,
    column: 2,
    endLine: 1,
    endColumn: 6,
    sourceLine: '(prnt 1)',
    notes: [],
  })
})
test('an error in an expansion shows both places', () => {
  const [first] = compileLispToJS('(defmacro m [x] `(prnt ~x))\n(defn f []\n  (m 1))', {
    sourceName: 'a.lisp',
  }).diagnostics
  assert.deepEqual([first!.line, first!.column], [1, 19])
  assert.match(formatDiagnostic(first!), /note: a\.lisp:3:3: in the expansion of 'm' here/)
})
test('all mistakes of a file are reported, in order', () => {
  const found = compileLispToJS('(foo)\n(let [x] (bar))\n(if)').diagnostics
  assert.deepEqual(
    found.map((one) => [one.code, one.line]),
    [
      ['L012', 1],
      ['L103', 2],
      ['L012', 2],
      ['L101', 3],
    ],
  )
})
test('compile throws all diagnostics in one error', () => {
  assert.throws(
    () => compile('(foo) (bar)'),
    (e) => e instanceof LispSyntaxError && e.diagnostics.length === 2 && /help:/.test(e.message),
  )
  assert.match(compile('1').code, /return 1/)
})
