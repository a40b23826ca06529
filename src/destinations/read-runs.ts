import { isLoopback } from "../config/settings.ts";
import { clipLine } from "../log.ts";
import type { Classification } from "../model.ts";
import type { RunsAnswer, SeenRun } from "./destination.ts";
import { type Answered, serverTimeOf } from "./service-response.ts";

/** How many runs one page of a list holds. */
export const PAGE_RUNS = 100;

/** What was asked. */
interface RunsQuestion {
	/** How a reason says whose answer it is: `GitHub's`. */
	readonly whose: string;
	/** Epoch milliseconds, by our clock. */
	readonly now: number;
	/** What a 404 says: that it is gone, or that the token may not see it. */
	readonly missing: "gone" | "refused";
}

type Read = Pick<Extract<RunsAnswer, { kind: "runs" }>, "runs" | "complete" | "unreadable">;

/**
 * What a service says of runs.
 * @param read reads the body of a success; undefined where it is not what was asked for
 */
export function readAnswer(
	{ classification, response }: Answered,
	{ whose, now, missing }: RunsQuestion,
	read: (serverTime: number) => Read | undefined,
): RunsAnswer {
	const serverTime = serverTimeOf(response?.headers ?? {}, now) ?? now;
	if (classification.kind === "taken") {
		const seen = read(serverTime);
		if (seen !== undefined) return { kind: "runs", ...seen, serverTime };
		return { kind: "unavailable", reason: `${whose} answer does not contain the requested runs` };
	}
	const { reason } = classification;
	if (classification.kind === "unavailable" && response?.body === "json" && classification.wide !== true) {
		if (response.status === 403) return { kind: "refused", reason };
		if (response.status === 404) return { kind: missing, reason };
		if (response.status === 410) return { kind: "gone", reason };
	}
	return notNow(classification, now);
}

/** A refusal that may pass: not now, and not before the time that the service names. */
function notNow(classification: Exclude<Classification, { readonly kind: "taken" }>, now: number): RunsAnswer {
	const { reason } = classification;
	const at = "until" in classification ? classification.until : undefined;
	const wait = "retryAfterMs" in classification ? classification.retryAfterMs : undefined;
	const retryAt = at ?? (wait === undefined ? undefined : now + wait);
	return { kind: "unavailable", retryAt, reason };
}

/** The runs of a list, each once, and how many of its entries cannot be read. Only these are left out. */
export function readEach(
	values: readonly unknown[],
	toSeenRun: (value: unknown) => SeenRun | undefined,
): { readonly runs: readonly SeenRun[]; readonly unreadable: number } {
	const read = values.map(toSeenRun);
	const runs = read.filter((run) => run !== undefined);
	const byId = new Map(runs.toReversed().map((run) => [run.id, run]));
	return { runs: runs.filter((run) => byId.get(run.id) === run), unreadable: read.length - runs.length };
}

const ISO_8601 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)$/;
/** A run that was created so long after the answer was not. */
const MOST_AHEAD_MS = 3_600_000;

/**
 * When a run was created, epoch milliseconds; undefined for what cannot be that.
 * @param serverTime when the service answered, epoch milliseconds by its clock
 */
export function readCreation(value: unknown, serverTime: number): number | undefined {
	const time = typeof value === "string" && ISO_8601.test(value) ? Date.parse(value) : Number.NaN;
	return time > 0 && time <= serverTime + MOST_AHEAD_MS ? time : undefined;
}

const NAME_CHARACTERS = 200;

/** The name of a workflow or a pipeline; null where it has none. */
export function readName(value: unknown): string | null {
	return typeof value === "string" && value.trim() !== "" ? clipLine(value, NAME_CHARACTERS) : null;
}

const MOST_URL_CHARACTERS = 500;

/**
 * The page of a run, if it is on the service's web site. A person follows this link.
 * @param web the service's web site
 * @param api the address that was called. A stand-in on this machine tells of the service's pages, or has its own
 * @returns null for any other address
 */
export function readPage(value: unknown, web: string, api: URL): string | null {
	if (typeof value !== "string" || value.length > MOST_URL_CHARACTERS || !URL.canParse(value)) return null;
	const { origin, username, password, href } = new URL(value);
	const isOurs = origin === web || (isLoopback(api) && origin === api.origin);
	return isOurs && username === "" && password === "" ? href : null;
}
