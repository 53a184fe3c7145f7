// Children that have to do with one another go together: the groups of those who are tied, by way of others too.

/** In the order of `names`; ties to others than these count for nothing. */
export const tiedGroups = (
  names: readonly string[],
  ties: (name: string) => readonly string[],
): string[][] => {
  const left = new Set(names);
  const groups: string[][] = [];
  for (const name of names) {
    if (!left.delete(name)) continue;
    const group = [name];
    for (const member of group) for (const other of ties(member)) if (left.delete(other)) group.push(other);
    groups.push(group);
  }
  return groups;
};
