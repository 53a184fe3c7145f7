// A child's service as a program outside calls it: a client made from the contract that the component declares.
import type * as t from "io-ts";
import { E, type Either } from "../../lib/fp.ts";
import type { AnyMethod, Client, Contract } from "../../lib/contract.ts";
import type { SessionError } from "../../lib/error.ts";
import { HostFailure } from "./host-failure.ts";

/** What `host.session` resolves to. */
export type ServiceClient<C extends Contract> = Client<C> & {
  /** Gives the session up. Calls without an answer reject with `Closed`. */
  close(): void;
};

/** The session behind it. What programs see must not drag the host's inside along into their declarations. */
interface PlainSession {
  call(method: string, args: readonly unknown[]): Promise<Either<SessionError, unknown>>;
  close(): void;
}

const SHOWN = 80;

const shown = (value: unknown): string => {
  const text = JSON.stringify(value) ?? "undefined";
  return text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text;
};

/** What is wrong with an answer. */
const mismatch = (method: string, errors: t.Errors): SessionError => {
  const last = errors[0]?.context.at(-1);
  const place = (errors[0]?.context ?? []).map(({ key }) => key).filter((key) => key !== "");
  return {
    tag: "InvalidArgument",
    method,
    place: ["its answer", ...place].join(" "),
    expected: last?.type.name ?? "a value",
    actual: shown(last?.actual),
  };
};

const callOf = (child: string, service: string, name: string, method: AnyMethod, session: PlainSession) => {
  const full = `${service}.${name}`;
  const failed = (error: SessionError): HostFailure =>
    new HostFailure({ tag: "Call", child, method: full, error });
  return async (...values: unknown[]): Promise<unknown> => {
    const answer = await session.call(name, method.args.encode(values) as unknown[]);
    if (E.isLeft(answer)) throw failed(answer.left);
    // What a method without a result answers has no JSON.
    const value = answer.right === null && method.result.is(undefined) ? undefined : answer.right;
    const result = method.result.decode(value) as t.Validation<unknown>;
    if (E.isLeft(result)) throw failed(mismatch(full, result.left));
    return result.right;
  };
};

/** The client of a session. */
export const serviceClient = <C extends Contract>(
  child: string,
  contract: C,
  session: PlainSession,
): ServiceClient<C> => {
  const { service, methods, guest } = contract;
  const calls = Object.entries(methods).map(
    ([name, method]) => [name, callOf(child, service, name, method, session)] as const,
  );
  const client: object = { close: () => session.close(), ...guest, ...Object.fromEntries(calls) };
  return client as ServiceClient<C>;
};
