// Signals of the parent, as a component hears them.
import type { Signal } from "../component.ts";

export interface Source<T> {
  readonly signal: Signal<T>;
  emit(value: T): void;
}

/** `changed` hears how many handlers there are, whenever that changes. */
export const source = <T>(changed: (handlers: number) => void): Source<T> => {
  const handlers = new Set<(value: T) => void>();
  const on = (handler: (value: T) => void): (() => void) => {
    const own = (value: T): void => handler(value);
    handlers.add(own);
    changed(handlers.size);
    return () => {
      if (handlers.delete(own)) changed(handlers.size);
    };
  };
  const next = (): Promise<T> =>
    new Promise((resolve) => {
      const off = on((value) => {
        off();
        resolve(value);
      });
    });
  const iterator = async function* (): AsyncGenerator<T, void, void> {
    for (;;) yield await next();
  };
  return {
    signal: Object.assign((handler: (value: T) => void) => on(handler), {
      on,
      next,
      [Symbol.asyncIterator]: iterator,
    }),
    emit(value) {
      for (const handler of [...handlers]) void Promise.resolve(value).then(handler);
    },
  };
};
