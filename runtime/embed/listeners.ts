// Who listens to the events of a host, of one kind or of all.

export class Listeners<Event extends { readonly event: string }> {
  readonly #all = new Set<(event: Event) => void>();

  /** `kind`: of the events to hear, `event` for all of them. The result takes the listener away again. */
  add(kind: string, listener: (event: Event) => void): () => void {
    const heard = (event: Event): void => {
      if (kind === "event" || kind === event.event) listener(event);
    };
    this.#all.add(heard);
    return () => void this.#all.delete(heard);
  }

  tell(event: Event): void {
    for (const listener of this.#all) {
      try {
        listener(event);
      } catch (error) {
        // A listener's bug is the program's: it must not reach the host's own work.
        queueMicrotask(() => {
          throw error;
        });
      }
    }
  }
}
