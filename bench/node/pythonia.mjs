// pythonia: live Python objects over a pipe to one local process.
import { python } from 'pythonia'

export async function open() {
  const operator = await python('operator')
  return {
    calls: { add: { run: (i) => operator.add(i, 1), right: (sum, i) => sum === i + 1 } },
    close: () => python.exit(),
  }
}
