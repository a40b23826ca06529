import { plain } from "../../log.ts";
import { type BridgeClient, collectReceipts, type ShownReceipt } from "../bridge-client.ts";
import { adviceFor, describeDestination, describeRuns, runsOf, serviceOf } from "../describe-receipt.ts";
import type { Io } from "../io.ts";
import { colour, colourOf, counted } from "../print.ts";

/** What happened to one event, or to one window, on its way to one destination, in the order of time. */
export interface Trace extends Pick<ShownReceipt, "runs" | "following" | "followingReason" | "page"> {
	readonly key: string;
	readonly state: ShownReceipt["state"];
	readonly event: ShownReceipt["event"];
	readonly to: ShownReceipt["to"];
	/** How many events went out with it, as far as they were counted; null where it went out alone. */
	readonly events: number | null;
	readonly steps: readonly Step[];
	/** The receipt of the dispatch: whose runs these are. */
	readonly sent: ShownReceipt;
}

export interface Step {
	/** ISO 8601; null where it is not known, or not yet. */
	readonly at: string | null;
	readonly kind: "happened" | "received" | "decided" | "waited" | "attempted" | "replayed" | "answered";
	readonly text: string;
}

/** The trace of a receipt; that of a gathered event goes on with the dispatch that it went out with. */
export function traceOf({ receipt, window }: Traced): Trace {
	const { key, state, event, to } = receipt;
	const sent = window?.dispatch ?? receipt;
	const { runs, following, followingReason, page } = sent;
	return {
		key,
		state,
		event,
		to,
		events: window?.events ?? null,
		steps: [
			{ at: event.time || null, kind: "happened", text: `${event.type} ${event.subject || event.id}` },
			received(receipt, window),
			decided(receipt),
			...waited(receipt, sent, window),
			...tried(sent),
			answered(sent),
		],
		...{ runs, following, followingReason, page },
		sent,
	};
}

function received(receipt: ShownReceipt, window: TracedWindow | undefined): Step {
	const { acceptedAt: at, event } = receipt;
	const isWindow = window !== undefined && window.dispatch === receipt;
	const text = isWindow ? `${countOf(window)}, gathered into this dispatch` : `event ${event.id} of ${event.source}`;
	return { at, kind: "received", text };
}

function countOf({ events, isMore }: TracedWindow): string {
	return `${counted(events, "event")}${isMore ? " or more" : ""}`;
}

function decided({ state, route, to, acceptedAt }: ShownReceipt): Step {
	const nowhere =
		state === "rejected" ? "the event is not valid, so the bridge looks for no route" : "no route matches";
	const text =
		to === null
			? nowhere
			: `route "${route ?? "none"}" sends it to ${describeDestination(to, to["dispatchType"] === undefined ? ", on " : ", as ")}`;
	return { at: acceptedAt, kind: "decided", text };
}

function waited(receipt: ShownReceipt, sent: ShownReceipt, window: TracedWindow | undefined): readonly Step[] {
	const steps: Step[] = [];
	const at = receipt.acceptedAt;
	if (receipt.state === "coalescing") steps.push({ at, kind: "waited", text: "in a window that is still open" });
	if (receipt.window !== null) {
		const others = window === undefined || window.events < 2 ? "" : `, ${countOf(window)} in all`;
		const gathered = `gathered with other events into the dispatch ${receipt.window}`;
		steps.push({ at, kind: "waited", text: `${gathered}${after(at, sent.acceptedAt)}${others}` });
	}
	const first = sent.attempts[0]?.at;
	if (first !== undefined && Date.parse(first) - Date.parse(sent.acceptedAt) >= 1_000) {
		steps.push({ at: sent.acceptedAt, kind: "waited", text: `for its turn${after(sent.acceptedAt, first, "for")}` });
	}
	return steps;
}

/** The attempts, and when it was fed back in between. */
function tried(sent: ShownReceipt): readonly Step[] {
	const attempts = sent.attempts.map((attempt) => attempted(attempt, sent));
	if (!sent.replayedAt) return attempts;
	const replayed = { at: sent.replayedAt, kind: "replayed", text: "a replay sent the dead letter again" } as const;
	const isLater = ({ at }: Step) => at !== null && Date.parse(at) >= Date.parse(replayed.at);
	const index = attempts.findIndex(isLater);
	return attempts.toSpliced(index === -1 ? attempts.length : index, 0, replayed);
}

function attempted({ at, status, ms, requestId, reason }: ShownReceipt["attempts"][number], sent: ShownReceipt): Step {
	const service = serviceOf(sent);
	const answer =
		status === null || status === undefined ? `${service} did not answer` : `${service} answered ${status}`;
	const more = [`${ms} ms`, requestId ? `request ${requestId}` : "", reason ?? ""].filter((fact) => fact !== "");
	return { at, kind: "attempted", text: `${answer} (${more.join("; ")})` };
}

/** How far it is: the state in the one word that everything else calls it, and what that means here. */
function answered(sent: ShownReceipt): Step {
	const { state, finishedAt, reason, acceptedAt } = sent;
	const why = reason === null ? "" : `: ${reason}`;
	const step = (text: string, at = finishedAt): Step => ({ at, kind: "answered", text });
	// As a text: a bridge of another version may have a state that this one does not.
	switch (state as string) {
		case "ignored":
			return step(`ignored, the bridge sends nothing${why}`, finishedAt ?? acceptedAt);
		case "dispatched":
			return step(`dispatched, ${serviceOf(sent)} accepted it${after(acceptedAt, finishedAt)}`);
		case "coalesced":
			return step("coalesced, the bridge sent it together with other events");
		case "discarded":
			return step(`discarded, the bridge will not send it; it was a dead letter${why}`);
		case "dead":
		case "rejected":
			return step(`${state}, a dead letter${why}`);
		default:
			return step(`${state}, not sent yet${why}`, null);
	}
}

function after(from: string, to: string | null, word = "after"): string {
	const ms = to === null ? Number.NaN : Date.parse(to) - Date.parse(from);
	if (Number.isNaN(ms) || ms < 0) return "";
	return ms < 1_000 ? `, ${word} ${ms} ms` : `, ${word} ${(ms / 1_000).toFixed(1)} s`;
}

/** Prints a trace, a step on a line, and what is known of its runs. */
export function printTrace(io: Io, { key, state, event, steps, sent }: Trace, command: BridgeClient["command"]): void {
	const paint = colour(io.stdout, io.env);
	const say = (at: string | null, what: string, text: string) =>
		io.stdout.write(`  ${paint("grey", plain(at ?? "").padEnd(28))}  ${what.padEnd(9)}  ${plain(text)}\n`);
	io.stdout.write(
		`${paint("bold", plain(event.id))}  ${paint(colourOf(state), plain(state))}  ${paint("grey", plain(key))}\n`,
	);
	for (const { at, kind, text } of steps) say(at, kind, text);
	for (const advice of adviceFor(sent, command)) say(null, "next", advice);
	const known = runsOf(sent);
	for (const line of known === undefined ? [] : describeRuns(known)) say(null, "run", line);
}

/** A window, as receipts tell of it. */
interface TracedWindow {
	/** The receipt of its one dispatch; undefined where it is gone. */
	readonly dispatch: ShownReceipt | undefined;
	/** How many events it holds, as far as they were counted. */
	readonly events: number;
	/** Whether there are more. */
	readonly isMore: boolean;
}

/** One trace: of an event, or of the dispatch that several of the found ones went out with. */
interface Traced {
	readonly receipt: ShownReceipt;
	/** The window that it went out with, or whose dispatch it is. */
	readonly window?: TracedWindow;
}

/** Of a window whose dispatch is traced, its events are counted up to here; of another one, to what one request answers. */
const MOST_EVENTS = 10_000;
const MOST_OF_ONE_REQUEST = 500;

/** What to trace of the receipts that were found: a window's dispatch once, however many of its events are among them. */
export async function foldWindows(
	bridge: Pick<BridgeClient, "receipts">,
	receipts: readonly ShownReceipt[],
): Promise<readonly Traced[]> {
	const traced: Traced[] = [];
	const told = new Set<string>();
	for (const receipt of receipts) {
		const key = isDispatchOfWindow(receipt) ? receipt.key : receipt.window;
		if (key === null) {
			traced.push({ receipt });
			continue;
		}
		if (told.has(key)) continue;
		told.add(key);
		const isFolded = receipts.filter((other) => other.key === key || other.window === key).length > 1;
		const isWhole = isFolded || receipt.key === key;
		const window = await readWindow(bridge, key, isWhole ? MOST_EVENTS : MOST_OF_ONE_REQUEST);
		traced.push({ receipt: isWhole ? (window.dispatch ?? receipt) : receipt, window });
	}
	return traced;
}

/** A window's dispatch is an event of its own, whose id is the key. */
function isDispatchOfWindow({ key, event }: ShownReceipt): boolean {
	return event.id === key;
}

async function readWindow(bridge: Pick<BridgeClient, "receipts">, key: string, limit: number): Promise<TracedWindow> {
	const { receipts, complete } = await collectReceipts(bridge, { find: key, limit });
	return {
		dispatch: receipts.find((receipt) => receipt.key === key),
		events: receipts.filter(({ window }) => window === key).length,
		isMore: !complete,
	};
}
