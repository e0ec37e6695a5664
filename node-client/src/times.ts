/**
 * Python's times, kept as the ISO 8601 text with its microseconds. JavaScript's Date stands only for what it holds
 * exactly: an aware datetime in UTC, to the millisecond.
 */

const DATE = /^(\d{4})-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])/
const CLOCK = '(?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,6})?)?'
const OFFSET = '(?:Z|[+-](?:[01]\\d|2[0-3]):[0-5]\\d(?::[0-5]\\d(?:\\.\\d{1,6})?)?)?'
const DAY = new RegExp(`${DATE.source}$`)
const TIME = new RegExp(`^${CLOCK}${OFFSET}$`)
const BARE_TIME = new RegExp(`^${CLOCK}$`)
const DATETIME = new RegExp(`${DATE.source}T${CLOCK}${OFFSET}$`)
const DATE_EXACTLY = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{3})?)(?:000)?\+00:00$/
const LARGEST_DAYS = 999_999_999 // of a timedelta of Python

function check(text: unknown, pattern: RegExp, what: string): asserts text is string {
  if (typeof text !== 'string' || !pattern.test(text)) throw new TypeError(`no ${what}: ${String(text)}`)
}

/** Refuse the day of a text that its month does not have, and the year 0. */
function checkDay(text: string): void {
  const [year, month, day] = DATE.exec(text)!.slice(1).map(Number) as [number, number, number]
  const leap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
  const days = month === 2 ? (leap ? 29 : 28) : [4, 6, 9, 11].includes(month) ? 30 : 31
  if (year === 0 || day > days) throw new TypeError(`there is no day ${text.slice(0, 10)}`)
}

function checkZone(zone: unknown): void {
  if (zone !== null && (typeof zone !== 'string' || zone === '')) throw new TypeError('a zone is a name or null')
}

function checkFold(fold: unknown): void {
  if (fold !== 0 && fold !== 1) throw new TypeError(`fold is 0 or 1, not ${String(fold)}`)
}

/** datetime.datetime; naive where the text has no offset, `zone` an IANA name or null. */
export class PyDateTime {
  constructor(
    readonly iso: string,
    readonly fold: 0 | 1 = 0,
    readonly zone: string | null = null,
  ) {
    check(iso, DATETIME, 'datetime')
    checkDay(iso)
    checkFold(fold)
    checkZone(zone)
  }

  /** The same instant as a Date, cut to milliseconds; TypeError where the datetime is naive. */
  toDate(): Date {
    if (!/(?:Z|[+-]\d\d:\d\d(?::\S+)?)$/.test(this.iso.slice(10))) throw new TypeError(`${this.iso} has no offset`)
    return new Date(this.iso.replace(/(\.\d{3})\d+/, '$1'))
  }

  toString(): string {
    return this.iso
  }
}

/** datetime.date. */
export class PyDate {
  constructor(readonly iso: string) {
    check(iso, DAY, 'date')
    checkDay(iso)
  }

  toString(): string {
    return this.iso
  }
}

/** datetime.time; in a named zone, whose offset depends on the date, the text has none. */
export class PyTime {
  constructor(
    readonly iso: string,
    readonly fold: 0 | 1 = 0,
    readonly zone: string | null = null,
  ) {
    check(iso, zone === null ? TIME : BARE_TIME, 'time')
    checkFold(fold)
    checkZone(zone)
  }

  toString(): string {
    return this.iso
  }
}

/** datetime.timedelta, normalized as Python does: only `days` may be negative. */
export class TimeDelta {
  readonly days: number
  readonly seconds: number
  readonly microseconds: number

  constructor(days: number, seconds = 0, microseconds = 0) {
    if (![days, seconds, microseconds].every(Number.isSafeInteger))
      throw new TypeError('a timedelta is made of integers')
    const whole = seconds + Math.floor(microseconds / 1e6)
    this.microseconds = modulo(microseconds, 1e6)
    this.seconds = modulo(whole, 86_400)
    this.days = days + Math.floor(whole / 86_400)
    if (Math.abs(this.days) > LARGEST_DAYS) throw new TypeError(`a timedelta has at most ${LARGEST_DAYS} days`)
  }

  get totalMs(): number {
    return (this.days * 86_400 + this.seconds) * 1000 + this.microseconds / 1000
  }

  toString(): string {
    const two = (part: number): string => String(Math.trunc(part)).padStart(2, '0')
    const clock = `${Math.trunc(this.seconds / 3600)}:${two((this.seconds / 60) % 60)}:${two(this.seconds % 60)}`
    const fraction = this.microseconds ? `.${String(this.microseconds).padStart(6, '0')}` : ''
    const days = this.days ? `${this.days} day${Math.abs(this.days) === 1 ? '' : 's'}, ` : ''
    return days + clock + fraction
  }
}

/** The remainder that Python's `%` gives: never negative, and no -0. */
function modulo(value: number, divisor: number): number {
  return value - Math.floor(value / divisor) * divisor
}

/** Return the text of a Date as Python prints the same instant; TypeError outside Python's years. */
export function dateText(date: Date): string {
  const ms = date.getTime()
  if (Number.isNaN(ms)) throw new TypeError('an invalid Date has no time')
  const iso = date.toISOString()
  if (iso.length !== 24 || iso.startsWith('0000')) throw new TypeError("Python's years are 1 to 9999")
  return ms % 1000 === 0 ? `${iso.slice(0, 19)}+00:00` : `${iso.slice(0, 23)}000+00:00`
}

/** Return a Date where one holds the datetime exactly, else a PyDateTime. */
export function datetimeFrom(iso: string, fold: 0 | 1, zone: string | null): Date | PyDateTime {
  const made = new PyDateTime(iso, fold, zone)
  const exact = fold === 0 && zone === null && DATE_EXACTLY.exec(iso)
  return exact ? new Date(`${exact[1]!}Z`) : made
}
