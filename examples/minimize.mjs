// Python's scipy minimizes a function of JavaScript: `node examples/minimize.mjs [URL]`, by default on a local process.
import { connect, kw } from '../node-client/dist/index.js' // in a project of your own: from 'polyloom'

let evaluations = 0

/** Rosenbrock's valley, whose lowest point is (1, 1). scipy gives the point as an array. */
function rosenbrock({ data: [x, y] }) {
  evaluations++
  return (1 - x) ** 2 + 100 * (y - x * x) ** 2
}

const { $py, close } = await connect(process.argv[2])
const { minimize } = $py('scipy.optimize')

const found = minimize(rosenbrock, [-1.2, 1], kw({ method: 'Nelder-Mead', tol: 1e-8 }))
const [point, low, counted] = await Promise.all([found.x, found.fun, found.nfev])
console.log('minimum at', Array.from(point.data, (x) => x.toFixed(4)).join(' '))
console.log('value', low.toFixed(4))
console.log(`${evaluations} evaluations in JavaScript, ${counted} counted by scipy`)
await close()
