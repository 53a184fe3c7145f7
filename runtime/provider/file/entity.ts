// Which thing of a file system something is, to be told from whatever else bears its name later.

interface Facts {
  readonly dev: bigint;
  readonly ino: bigint;
  /** ns since 1970; 0 where the file system does not know it. */
  readonly birthtimeNs: bigint;
}

/** The number alone would not do: a file system gives that of a removed file to the next one. */
export const entityOf = ({ dev, ino, birthtimeNs }: Facts): string => `${dev}:${ino}:${birthtimeNs}`;

/** Whether they are one thing. A restart of the machine may number its devices anew: then the time tells. */
export const isSameEntity = (was: string, is: string): boolean => {
  const [, number, born] = was.split(":");
  const [, otherNumber, otherBorn] = is.split(":");
  return was === is || (number === otherNumber && born === otherBorn && (born ?? "0") !== "0");
};
