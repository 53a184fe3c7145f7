// Objects that another child serves, core-shaped: what a capability to one of them names.
import type { SessionError } from "../../lib/error.ts";
import { returnedContract } from "../../lib/contract.ts";
import { E } from "../../lib/fp.ts";
import type { Sender } from "./link.ts";
import {
  messageBytes,
  parcelOf,
  readOutgoing,
  valuesOf,
  type Outgoing,
  type Parcel,
  type PassedLink,
} from "./parcel.ts";
import type { Remote, Reply } from "./remote.ts";
import { CALL, remoteContract } from "./remote-contract.ts";
import type { Answer, CoreObject } from "./service.ts";

/** What a remote object asks of the domain that holds it. */
export interface RemotePowers {
  /** What the component wrote, as a parcel for the link's owner. */
  outgoing(message: Outgoing): Answer<Parcel>;
  /** It was refused before that. */
  unsent(message: Outgoing): void;
  /** A reply as the component reads it. */
  incoming(reply: Reply): Answer<string | Uint8Array>;
  /** The object behind a link in a reply. */
  object(passed: PassedLink, from: Sender): Answer<CoreObject>;
  /** The component has given it up. */
  dismissed(): void;
}

const remotes = new WeakMap<CoreObject, Remote>();

/** Notes which link is behind an object. */
export const bindRemote = (object: CoreObject, remote: Remote): void => void remotes.set(object, remote);

/** The link behind an object, where another child serves it. */
export const remoteBehind = (object: CoreObject | undefined): Remote | undefined =>
  object === undefined ? undefined : remotes.get(object);

const malformed = (service: string): SessionError => ({
  tag: "InvalidArgument",
  method: service,
  place: "its message",
  expected: "one that the library wrote",
  actual: "something else",
});

const noObject = (service: string, method: string): SessionError => ({
  tag: "Failed",
  service,
  message: `${method} gave no capability`,
});

export const makeRemoteObject = (
  remote: Remote,
  isNative: boolean,
  powers: RemotePowers,
): Answer<CoreObject> => {
  const { service } = remote;
  const contract = remoteContract(service, isNative);
  if (contract === undefined) return E.left({ tag: "NoSuchService", service, label: "" });
  const calls = new WeakMap<Promise<unknown>, Promise<unknown>>();
  const follow = <T>(
    answered: Promise<Answer<Reply>>,
    then: (reply: Reply) => Answer<T>,
  ): Promise<Answer<T>> => {
    const followed = answered.then((reply) => (E.isLeft(reply) ? reply : then(reply.right)));
    calls.set(followed, answered);
    return followed;
  };

  const methods: Record<string, unknown> = {};
  if (isNative)
    for (const [name, method] of Object.entries(contract.methods)) {
      const returns = returnedContract(method) !== undefined;
      const result = ({ parcel, from }: Reply): Answer<unknown> => {
        const [passed] = parcel.capabilities;
        if (returns)
          return passed === undefined ? E.left(noObject(service, name)) : powers.object(passed, from);
        const value = valuesOf(`${service}.${name}`, parcel);
        if (E.isLeft(value)) return value;
        const plain = value.right === null && method.result.is(undefined) ? undefined : value.right;
        return method.result.is(plain)
          ? E.right(plain)
          : E.left({ tag: "Failed", service, message: `${name} answered what its contract does not know` });
      };
      methods[name] = (...args: unknown[]) => {
        const refused = remote.refusal(argumentBytes(args), "");
        if (refused !== null) return E.left(refused);
        return follow(
          remote.call(name, () => E.right(parcelOf(trimmed(args))), ""),
          result,
        );
      };
    }
  else
    methods[CALL] = (text: string, ...bytes: Uint8Array[]) => {
      const message = readOutgoing(text, bytes);
      if (message === null || message.method === null) return E.left(malformed(service));
      const refused = remote.refusal(messageBytes(message.body, bytes), "");
      if (refused !== null) {
        powers.unsent(message);
        return E.left(refused);
      }
      return follow(
        remote.call(message.method, () => powers.outgoing(message), ""),
        (reply) => powers.incoming(reply),
      );
    };
  const object: CoreObject = {
    ...methods,
    contract,
    life: {
      capture: () => E.right(remote.position()),
      dismissed: () => powers.dismissed(),
      cancel: (promise) => {
        const call = calls.get(promise);
        if (call !== undefined) remote.cancel(call);
      },
    },
  };
  bindRemote(object, remote);
  return E.right(object);
};

/** Bytes, about, of the arguments of a type of the library's own. */
const argumentBytes = (args: readonly unknown[]): number => {
  let sum = 0;
  for (const each of args) if (typeof each === "string" || each instanceof Uint8Array) sum += each.length;
  return sum;
};

/** `invoke` passes one argument even where there is none. */
const trimmed = (args: readonly unknown[]): readonly unknown[] =>
  args.length === 1 && args[0] === undefined ? [] : args;
