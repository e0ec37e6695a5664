// py.import and py.from: definitions whose values are Python modules and their attributes.

import type { Node } from '../nodes.js'
import { isKeyNamed, isString, isSym, isVector, sym, type Seq, type Sym, type Syntax } from '../syntax.js'
import { defineAs } from './definitions.js'
import type { Expander } from './expander.js'
import { get, propertyName, pythonModule } from './members.js'
import type { Special } from './scope.js'
import { sourceText } from './text.js'

const moduleName = (form: Syntax | undefined): string | undefined =>
  isString(form) ? form.value : isSym(form) ? propertyName(form.name) : undefined

/** The name a py.import binds: the one after :as, or the last part of the module's. */
export function importName(form: Seq, expander: Expander): Sym | undefined {
  const [, module, as, name] = form.items
  const path = moduleName(module)
  const plain = form.items.length === 2
  if (path !== undefined && /^[^\s.]+(\.[^\s.]+)*$/.test(path)) {
    if (plain) return sym(path.split('.').at(-1)!, module!.span)
    if (isKeyNamed(as, 'as') && isSym(name)) return name
  }
  expander.error('L101', form.span, {
    form: 'py.import',
    reason: 'a module or a name is missing',
    shape: '(py.import "module" :as name)',
  })
  return undefined
}

export const importForm: Special['expand'] = (form, expander, scope) => {
  const name = importName(form, expander)
  if (!name) return expander.expand({ type: 'atom', value: null, span: form.span }, scope)
  const value = pythonModule(moduleName(form.items[1])!, form.span, expander, 'py.import')
  return defineAs(name, value, form, expander, scope)
}

interface FromName {
  readonly local: Sym
  readonly remote: string
}

/** The names of [a b :as c]. */
export function fromNames(form: Seq, expander: Expander): FromName[] {
  const [, module, names] = form.items
  if (moduleName(module) === undefined || !isVector(names)) {
    expander.error('L101', form.span, {
      form: 'py.from',
      reason: 'a module or a vector of names is missing',
      shape: '(py.from "module" [name other :as local])',
    })
    return []
  }
  const found: FromName[] = []
  for (let i = 0; i < names.items.length; i++) {
    const name = names.items[i]!
    const local = isKeyNamed(names.items[i + 1], 'as') ? names.items[i + 2] : name
    if (isSym(name) && isSym(local)) found.push({ local, remote: propertyName(name.name) })
    else expander.error('L104', name.span, { text: sourceText(name, expander) })
    if (local !== name) i += 2
  }
  return found
}

export const fromForm: Special['expand'] = (form, expander, scope) => {
  const path = moduleName(form.items[1])
  const body = fromNames(form, expander).map(({ local, remote }): Node => {
    const module = pythonModule(path!, form.items[1]!.span, expander, 'py.from')
    return defineAs(local, get(module, remote, local.span), form, expander, scope)
  })
  return { op: 'do', body: [...body, { op: 'const', value: null, span: form.span }], span: form.span }
}
