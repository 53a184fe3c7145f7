// The `start` entries of a scenario file: a component each, with its quota, its configuration and its routes.

import { E } from "../../lib/fp.ts";
import type { Position } from "../diagnostic.ts";
import { DEFAULT_KEEPING } from "../host/host-config.ts";
import type { RestartPolicy } from "../host/restart-policy.ts";
import type { Schema } from "./schema.ts";
import { fields } from "./schema-fields.ts";
import { MOST_CAPS } from "./schema-host.ts";
import { checkpointPolicy, diskBound, logBound, type CheckpointSpec } from "./schema-keeping.ts";
import { diskPath } from "./schema-path.ts";
import { routeSchema } from "./schema-route.ts";
import type { Route } from "./schema-route.ts";
import { countOfChildren, restPolicy } from "./schema-rest.ts";
import { flag, json, list, mapped, name, refined, whole } from "./schema-value.ts";
import type { Json } from "./schema-value.ts";
import { bytes, duration } from "./unit.ts";

export interface StartSpec {
  /** The child's name: its label is `init -> NAME`. */
  readonly name: string;
  /** Absolute path of the component's source. */
  readonly component: string;
  /** The host it starts on. */
  readonly on: string;
  /** Bytes. */
  readonly ram: number;
  /** Capabilities. */
  readonly caps: number;
  /** What its `config` ROM says; an empty mapping where the entry says nothing. */
  readonly config: Json;
  /** The first that matches decides; no match is a denial. */
  readonly routes: readonly Route[];
  /** It waits for a `start` step. */
  readonly later: boolean;
  /** What one turn may take, in ms; nominal, for it is counted in interrupt polls. */
  readonly turn: number;
  /** What `up` does after a fault: nothing, where there is none. */
  readonly restart: RestartPolicy | null;
  /** How often `up` takes it down, where that is otherwise than its host says. */
  readonly checkpoint: CheckpointSpec;
  /** Bytes that it may take in the store of `up`; null: as many as the store gives. */
  readonly disk: number | null;
  /** Bytes of its log that `up` keeps. */
  readonly log: number;
  /** How long it is idle under `up` before it rests, in ms; null: it never does. As its host says, where it is left
   *  out. */
  readonly rest?: number | null;
  /** It stands for so many children, NAME-1 to NAME-COUNT; where it is left out, for one. */
  readonly count?: number;
  /** Where the entry stands in the file. */
  readonly at: Position;
}

const START_RAM = 8 * 1024 ** 2;
const START_CAPS = 100;
/** What a protection domain needs before its component has run. */
const LEAST_RAM = 3 * 1024 ** 2;
const TURN = 3000;

const ram = refined(bytes, "at least 3M: a protection domain needs 3M", (given) =>
  given >= LEAST_RAM ? E.right(given) : E.left(null),
);

const MOST_RESTARTS = 1000;

const restartPolicy: Schema<RestartPolicy> = fields(
  "a restart policy",
  { most: whole(1, MOST_RESTARTS), within: duration },
  {},
);

/** One entry of `start`, whose paths start at `directory` and which runs on `first` unless it says otherwise. */
export const startSchema = (directory: string, first: string): Schema<Omit<StartSpec, "name" | "at">> =>
  mapped(
    fields(
      "a start entry",
      { component: diskPath(directory) },
      {
        on: name,
        ram,
        caps: whole(1, MOST_CAPS),
        config: json,
        routes: list(routeSchema),
        later: flag,
        turn: duration,
        restart: restartPolicy,
        checkpoint: checkpointPolicy,
        disk: diskBound,
        log: logBound,
        rest: restPolicy,
        count: countOfChildren,
      },
    ),
    ({
      component,
      on = first,
      ram: bytesOf = START_RAM,
      caps = START_CAPS,
      config = {},
      routes = [],
      later = false,
      turn = TURN,
      restart = null,
      checkpoint = {},
      disk = null,
      log = DEFAULT_KEEPING.log,
      rest,
      count,
    }) => ({
      ...{ component, on, ram: bytesOf, caps, config, routes, later, turn, restart },
      ...{ checkpoint, disk, log },
      ...(count === undefined ? {} : { count }),
      ...(rest === undefined ? {} : { rest }),
    }),
  );
