// Ends the program where something is not as the sandbox should have answered.
export function expect(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) {
    console.error(`${what}: got ${JSON.stringify(got)}, want ${JSON.stringify(want)}`)
    process.exit(1)
  }
}
