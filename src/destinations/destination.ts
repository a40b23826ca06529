import type { Settings } from "../config/settings.ts";
import type { Addresses } from "../ledger/lane-state.ts";
import type { Limit } from "../ledger/pace.ts";
import type { Answer, BridgeEvent, Destination, Run } from "../model.ts";
import type { OfRoutes } from "../route/read-routes.ts";
import type { Route, RouteTo } from "../route/route.ts";
import type { BridgeFacts } from "./client-payload.ts";

/**
 * A service that deliveries go to: one folder of destinations/, and one entry of `SERVICES`. All that the rest of the
 * bridge knows of it stands here.
 */
export interface Service extends OfRoutes {
	/** How logs and settings name it. Its lanes have this name, or begin with it and a dash. */
	readonly name: string;
	/** Whether a route's `to`, or a stored destination, is one of its: told apart by the keys. */
	owns(to: RouteTo): boolean;
	/** A route's `to` for events of one type, with all its defaults filled in. */
	resolve(to: RouteTo, eventType: string): Destination;
	/**
	 * Reads its settings. What is wrong is told to them.
	 * @param routes those that lead there; none where it is not used
	 */
	configure(settings: Settings, routes: readonly Route[]): ConfiguredService;
}

/** How a service is reached, and how fast. */
export interface Policy extends Addresses {
	readonly limits: readonly Limit[];
	/** How many calls a lane may have under way at once. */
	readonly concurrency: number;
}

/** A service as this bridge reaches it. */
export interface ConfiguredService extends Pick<Service, "name" | "owns" | "problemsOf">, Policy {
	/** One for each credential, since that is what services limit. */
	laneOf(to: RouteTo): string;
	/** Builds a request, and proves the service's limits on the very bytes that will be sent. Nothing is ever cut to fit. */
	build(to: Destination, event: BridgeEvent, facts: BridgeFacts): Built;
	/** The method and the URL of its request, for a person to read. */
	requestLine(to: Destination): string;
	/** The page that shows the runs to a person. Null if there is none. */
	pageOf(to: Destination): string | null;
	/** Why the bridge can never know what a delivery has started; left out by a service that lists its runs. */
	readonly whyNoRuns?: string;
	/** Opens the client of the service. Nothing is loaded before the first call. */
	open(options: ClientOptions): Client;
}

export type Built =
	| { readonly ok: true; readonly body: string }
	/** `tooLarge`: a smaller part of the event would fit. `body`: the request, if it could be built. */
	| { readonly ok: false; readonly tooLarge: boolean; readonly reason: string; readonly body?: string | undefined };

/** A request that cannot be sent. @param body where it could be built */
export function refuse(reason: string, body?: string): Built {
	return { ok: false, tooLarge: false, reason, body };
}

export function tooLarge(reason: string, body: string): Built {
	return { ok: false, tooLarge: true, reason, body };
}

export interface ClientOptions {
	/** Of grid-dispatch. */
	readonly version: string;
	readonly fetch: typeof globalThis.fetch;
	/** Epoch milliseconds. */
	readonly now: () => number;
	readonly sleep: (ms: number) => Promise<void>;
	/** For one delivery in all. */
	readonly timeoutMs: number;
}

/** Calls a service. */
export interface Client {
	/**
	 * Sends once, redirects and one repeat after a 401 included; all of it within the time limit. Never rejects.
	 * @param body as `build` made it
	 */
	send(to: Destination, body: string): Promise<Answer>;
	/** Gets the token of a destination, from a cache where it can. Rejects with TokenUnavailable. */
	getToken(to: RouteTo): Promise<unknown>;
	/**
	 * The runs of a destination that were created since then: the newest hundred, or fewer. One call. Never rejects.
	 * @param since epoch milliseconds of the service's clock
	 * @param etag of the last answer to the same question: an unchanged one costs no primary limit
	 * @param page 1, or left out, for the newest hundred; 2 for the hundred before them, and so on up to 10
	 */
	listRuns(to: Destination, since: number, etag?: string, page?: number): Promise<RunsAnswer>;
	/** One run as it is now. One call. Never rejects. */
	readRun(to: Destination, id: string): Promise<RunsAnswer>;
	/** Asks the service about the token of a destination. Meant for once a day. Never rejects. */
	checkToken(to: RouteTo): Promise<TokenCheck>;
}

/** A run as a service tells of it. */
export interface SeenRun extends Omit<Run, "certain"> {
	/** What the workflow's `run-name` makes of the event, or the pipeline run's name. */
	readonly title: string;
	/** Epoch milliseconds of the service's clock. */
	readonly createdAt: number;
}

/**
 * The key that a run's title claims, in lower case: its first word of 32 hexadecimal digits. An event's own text that
 * comes later in a title cannot claim another event's run.
 */
export function keyOfTitle(title: string): string | undefined {
	return /\b[0-9a-f]{32}\b/i.exec(title)?.[0].toLowerCase();
}

/** What a service says of runs. */
export type RunsAnswer =
	/**
	 * `complete`: there are no others since then, apart from those of the pages before. `unreadable`: how many entries could
	 * not be read; each may be any run. `serverTime` is when the service answered, by its clock.
	 */
	| {
			readonly kind: "runs";
			readonly runs: readonly SeenRun[];
			readonly complete: boolean;
			readonly unreadable?: number;
			readonly serverTime: number;
			readonly etag?: string | undefined;
	  }
	| { readonly kind: "unchanged"; readonly serverTime: number }
	/** The run, the repository or the project is not there (any more). */
	| { readonly kind: "gone"; readonly reason: string }
	/** The token may not read runs; the reason names the repair. To ask again is of no use until it is repaired. */
	| { readonly kind: "refused"; readonly reason: string }
	/** Not now. `retryAt`: not before, epoch milliseconds, from a second to a day ahead. */
	| { readonly kind: "unavailable"; readonly retryAt?: number | undefined; readonly reason: string };

/** What a service says of a token. */
export interface TokenCheck {
	/**
	 * - `ok`: it takes it
	 * - `refused`: the token is wrong, ended, or not there; its account is suspended; or an app's installation is
	 * - `unknown`: the service, or the vault, could not be asked now, or the address does not lead to its API
	 */
	readonly state: "ok" | "refused" | "unknown";
	/** When it ends, ISO 8601; null where the service names no end. */
	readonly expiresAt: string | null;
	/** Why it is not `ok`, with the repair; null where it is. 300 characters at most, without credentials. */
	readonly reason: string | null;
}
