import type { Settings } from '../settings.js'
import type { Transport } from './transport.js'
export function openRedis(_settings: Settings, _client: string): Promise<Transport> {
  return Promise.reject(new Error('not yet'))
}
