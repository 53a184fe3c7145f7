// Why a machine ended: the reason, and the engine's stack with positions in the compiled component.

export interface Fault {
  readonly reason: string;
  readonly stack: string;
}
