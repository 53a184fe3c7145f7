export const inspect = async (_: unknown, __: unknown): Promise<0> => 0;
