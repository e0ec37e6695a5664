// Type-checked rules, and the direction of imports: each layer may import only what stands before it.

import tseslint from 'typescript-eslint'

// From the bottom to the top; a file may import from layers below its own, and from its own.
const LAYERS = [
  ['errors', 'ops', 'limits', 'values', 'times', 'halves', 'arrays', 'tick', 'handle', 'scope', 'paths', 'hashable', 'octets', 'brand'],
  ['keys', 'settings', 'frames', 'output', 'seen'],
  ['signing'],
  ['encoder', 'decoder'],
  ['codec'],
  ['transport/transport', 'transport/framing', 'transport/memory', 'transport/stdio', 'transport/address'],
  ['transport/registry', 'transport/lease', 'transport/gate', 'transport/redis'],
  ['arguments', 'deadline', 'remote'],
  ['line', 'loan', 'program', 'body', 'returns', 'session'],
  ['conversation'],
  ['late-line'],
  ['node', 'path', 'slot'],
  ['meta', 'iterate', 'map'],
  ['streams'],
  ['shared'],
  ['loom'],
  ['client', 'bridge'],
  ['index'],
]

/** Forbid what stands above a file. */
function direction(layer, index) {
  const above = LAYERS.slice(index + 1)
    .flat()
    .map((name) => name.replace('transport/', ''))
  const patterns = [{ regex: '/(?:lisp|cli)/', message: 'The library knows neither Lisp nor the command line.' }]
  if (above.length) {
    const regex = `^\\.{1,2}/(?:transport/)?(?:${above.join('|')})\\.js$`
    patterns.push({ regex, message: 'Imports go down the layers of eslint.config.js.' })
  }
  return [{ files: layer.map((name) => `src/${name}.ts`), rules: { 'no-restricted-imports': ['error', { patterns }] } }]
}

/** Lisp imports only lisp/* and errors: compiled code receives $py as an argument. */
function lispImports(depth) {
  const regex = `^(?:\\.\\./){${depth}}(?!errors\\.js$)(?!\\.\\./)`
  const patterns = [{ regex, message: 'Lisp imports only lisp/* and errors.' }]
  return {
    files: [`src/lisp/${'*/'.repeat(depth - 1)}*.ts`],
    rules: { 'no-restricted-imports': ['error', { patterns }] },
  }
}

export default tseslint.config(
  { ignores: ['dist/', 'build/', 'node_modules/', 'eslint.config.js'] },
  tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { project: './tsconfig.test.json', tsconfigRootDir: import.meta.dirname } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      // Indexed access is checked by noUncheckedIndexedAccess; `!` says that the index is known to exist.
      '@typescript-eslint/no-non-null-assertion': 'off',
      // Numbers in messages and wire texts print as themselves.
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
      // `send: () => this.#send()` is how callbacks of no interest are written here.
      '@typescript-eslint/no-confusing-void-expression': 'off',
    },
  },
  ...LAYERS.flatMap(direction),
  ...[1, 2, 3].map(lispImports),
  {
    files: ['test/**/*.ts'],
    rules: {
      // Remotes answer any name, and scripted frames have any shape: `any` is what is tested here.
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      // node:test takes care of the promises of its tests.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            { from: 'package', name: ['test', 'describe', 'before', 'after'], package: 'node:test' },
          ],
        },
      ],
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/require-await': 'off',
      '@typescript-eslint/no-dynamic-delete': 'off',
    },
  },
)
