// A source text with its line index: offsets to 1-based lines and 1-based columns.

export interface Position {
  readonly line: number // 1-based
  readonly column: number // 1-based, in UTF-16 units
}

export class SourceText {
  readonly #starts: number[] = [0]

  constructor(
    readonly text: string,
    readonly name: string,
  ) {
    for (let i = text.indexOf('\n'); i >= 0; i = text.indexOf('\n', i + 1)) this.#starts.push(i + 1)
  }

  position(offset: number): Position {
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if (this.#starts[middle]! <= offset) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: offset - this.#starts[low]! + 1 }
  }

  /** The text of a 1-based line, without its line end. */
  line(number: number): string {
    const start = this.#starts[number - 1]
    if (start === undefined) return ''
    const end = this.#starts[number] ?? this.text.length + 1
    return this.text.slice(start, end - 1).replace(/\r$/, '')
  }
}
