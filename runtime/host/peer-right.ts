// What a peer may say to a host over the command channel.

/** To take the host's children in, to hand children over to it, to start an entry there for the first time. */
export type PeerRight = "receive" | "transfer" | "initialize";
