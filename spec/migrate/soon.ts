// A little later: between two looks at what others bring about.

/** In ms. */
const PAUSE = 10;

export const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE));
