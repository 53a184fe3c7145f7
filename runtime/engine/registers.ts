// What is not in a machine's memory but belongs to its state. All are addresses in bytes.

export interface Registers {
  readonly stackPointer: number;
  readonly runtime: number;
  readonly context: number;
}
