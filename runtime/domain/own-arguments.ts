// Arguments that outlive the turn of their call. Bytes among them may be a view on the machine's memory, where later
// calls are written and, once the machine is another's, that one's.

/** Bytes that are all of their buffer were copied when they left the machine. */
const isView = (value: unknown): value is Uint8Array =>
  value instanceof Uint8Array && value.byteLength < value.buffer.byteLength;

/** The same list where nothing in it is a view. */
export const ownArguments = (args: readonly unknown[]): readonly unknown[] => {
  for (const each of args)
    if (isView(each)) return args.map((one) => (isView(one) ? new Uint8Array(one) : one));
  return args;
};
