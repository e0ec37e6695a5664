// The table of special forms. Arglists are the documentation; `min` and `max` count the forms after the name.

import { expandPath } from './members.js'
import type { Special } from './scope.js'
import * as async from './async.js'
import * as control from './control.js'
import * as definitions from './definitions.js'
import * as python from './python.js'
import { expandQuasi } from './collections.js'
import { fnForm } from './functions.js'
import { syntaxRulesForm } from './syntax-rules.js'

type Expand = Special['expand']
const ANY = Infinity
const special = (name: string, arglist: string, doc: string, min: number, max: number, expand: Expand): Special => ({
  what: 'special',
  name,
  arglist,
  doc,
  min,
  max,
  expand,
})

const quote: Expand = (form) => ({ op: 'quote', datum: form.items[1]!, span: form.span })
const stray =
  (help: string): Expand =>
  (form, expander) =>
    expander.error('L114', form.span, { name: (form.items[0] as { name: string }).name, help })

export const SPECIALS: readonly Special[] = [
  special('quote', 'form', 'The form itself, as data.', 1, 1, quote),
  special('quasiquote', 'form', 'Data with ~x and ~@xs evaluated.', 1, 1, (form, expander, scope) =>
    expandQuasi(form.items[1]!, 1, expander, scope),
  ),
  special('if', 'test then else?', 'then if test is neither nil nor false, else otherwise.', 2, 3, control.ifForm),
  special('do', 'forms…', 'Evaluates the forms in order; the value of the last.', 0, ANY, control.doForm),
  special('begin', 'forms…', 'The same as do.', 0, ANY, control.doForm),
  special(
    'let',
    '[name value …] body…',
    'Binds names in order; also ((name value) …) and (name value …).',
    1,
    ANY,
    control.letForm,
  ),
  special('letrec', '[name value …] body…', 'Binds names that may refer to each other.', 1, ANY, control.letrecForm),
  special('loop', '[name value …] body…', 'A let that recur goes back to.', 1, ANY, control.loopForm),
  special(
    'recur',
    'values…',
    'Goes back to the loop or function with new values; only in tail position.',
    0,
    ANY,
    control.recurForm,
  ),
  special('while', 'test body…', 'Repeats the body while test is true; nil.', 1, ANY, control.whileForm),
  special('for-each*', 'name items body…', 'The body for each item; nil.', 2, ANY, control.forEachForm(false)),
  special(
    'for-await*',
    'name items body…',
    'The body for each item of an asynchronous iterable; nil.',
    2,
    ANY,
    control.forEachForm(true),
  ),
  special('and', 'forms…', 'The first false value, or the last.', 0, ANY, control.logicForm('and')),
  special('or', 'forms…', 'The first true value, or the last.', 0, ANY, control.logicForm('or')),
  special(
    'try',
    'body… (catch type? name body…) (finally body…)',
    'Runs the body; typed catch clauses; finally.',
    1,
    ANY,
    control.tryForm,
  ),
  special('throw', 'value', 'Throws an error.', 1, 1, control.throwForm),
  special('catch', 'type? name body…', 'A clause of try.', 0, ANY, stray('write it last inside (try …)')),
  special(
    'defer',
    'forms…',
    'Evaluates the forms when the body around it is left, in any way.',
    1,
    ANY,
    stray('it belongs among the forms of the body of a function, let or do'),
  ),
  special('finally', 'body…', 'A clause of try.', 0, ANY, stray('write it last inside (try …)')),
  special('fn', 'name? [params] body…', 'A function; ([a] …) ([a b] …) for several arities.', 1, ANY, fnForm),
  special('lambda', 'name? [params] body…', 'The same as fn.', 1, ANY, fnForm),
  special('def', 'name doc? value', 'Defines a name for the rest of the file or body.', 1, 3, definitions.defForm),
  special(
    'define',
    'name value',
    'The same as def; (define (f x) …) defines a function.',
    1,
    ANY,
    definitions.defineForm,
  ),
  special(
    'defmacro',
    'name [params] body…',
    'Defines a macro: a function from forms to a form.',
    2,
    ANY,
    definitions.defmacroForm,
  ),
  special('define-syntax', 'name (syntax-rules …)', 'Defines a macro by patterns.', 2, 2, syntaxRulesForm),
  special('set!', 'target value', 'Assigns a variable or a property; the value.', 2, 2, definitions.setForm),
  special('import', 'source :as name | [names…] source', 'Imports a JavaScript module.', 2, 3, definitions.importForm),
  special(
    'export',
    'names…',
    'Not supported yet.',
    0,
    ANY,
    definitions.unsupported('a compiled file returns its last value'),
  ),
  special('pragma', ':await :auto', 'Options for the whole file.', 2, 2, definitions.pragmaForm),
  special(
    '.',
    'object keys…',
    'A property path; a key is a name, a value, or a (method args…).',
    2,
    ANY,
    (form, expander, scope) => expandPath(form, expander, scope, false),
  ),
  special('?.', 'object keys…', 'A property path that stops at nil.', 2, ANY, (form, expander, scope) =>
    expandPath(form, expander, scope, true),
  ),
  special('new', 'class args…', 'Makes an instance of a JavaScript class.', 1, ANY, definitions.newForm),
  special('js*', '"text ~{} text" args…', 'JavaScript text; each ~{} is an argument.', 1, ANY, definitions.jsForm),
  special(
    'await',
    'value',
    'Waits for a promise or a Python value; the function becomes async.',
    1,
    1,
    async.awaitForm,
  ),
  special('spawn', 'form', 'Starts the form and gives its promise, un-awaited.', 1, 1, async.spawnForm),
  special('await-all', 'forms…', 'Runs the forms side by side; a vector of their values.', 0, ANY, async.awaitAllForm),
  special(
    'auto',
    'body…',
    'In the body, Python calls and unknown callees are awaited for you.',
    0,
    ANY,
    async.autoForm(true),
  ),
  special('explicit', 'body…', 'Turns (auto …) off.', 0, ANY, async.autoForm(false)),
  special(
    'py.import',
    '"module" :as name?',
    'Binds a Python module for the rest of the file or body.',
    1,
    3,
    python.importForm,
  ),
  special('py.from', '"module" [names… name :as other]', 'Binds attributes of a Python module.', 2, 2, python.fromForm),
  special('unquote', 'form', 'Inside a quasiquote: evaluates.', 0, ANY, stray('it belongs inside a quasiquote')),
  special(
    'unquote-splicing',
    'form',
    'Inside a quasiquote: evaluates and splices.',
    0,
    ANY,
    stray('it belongs inside a quasiquote'),
  ),
  special(
    'spread*',
    'value',
    'What ...value reads as.',
    0,
    ANY,
    stray('...xs belongs among the arguments of a call or the items of a literal'),
  ),
  ...definitions.LATER.map(([name, help]) =>
    special(name, '…', 'Not supported yet.', 0, ANY, definitions.unsupported(help)),
  ),
]
