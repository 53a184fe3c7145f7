export const verify = async (_: unknown, __: unknown): Promise<0> => 0;
