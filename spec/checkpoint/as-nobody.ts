// Does something as a user to whom permissions apply: nothing is refused to root.

const NOBODY = 65534;

/** Whoever else runs the specs has no need of it. */
export const asNobody = async <T>(act: () => Promise<T>): Promise<T> => {
  if (process.geteuid?.() !== 0) return act();
  process.setegid?.(NOBODY);
  process.seteuid?.(NOBODY);
  try {
    return await act();
  } finally {
    process.seteuid?.(0);
    process.setegid?.(0);
  }
};
