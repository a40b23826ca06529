import type { Receipt } from "./answers.ts";
import type { Api } from "./api.ts";
import { ALL, PAGE } from "./pages.ts";
import { TONES } from "./tones.ts";
import type { Opened, Part, View } from "./view.ts";

/** How many ignored events are asked for: the newest. */
const IGNORED = 20;

/** What is asked for less often than the newest receipts: dead letters, and what was ignored. */
export async function lookAtRest(api: Api, view: View): Promise<Part> {
	const { deadLetters = 0, ignored: countOfIgnored = 0 } = view.health ?? {};
	const states = deadLetters > 0 ? (["dead", "rejected"] as const) : [];
	const [dead, ignored] = await Promise.all([
		Promise.all(states.map((state) => api.receipts({ state, limit: PAGE }))),
		countOfIgnored > 0 ? api.receipts({ state: "ignored", limit: IGNORED }) : { receipts: [] },
	]);
	const found = { ...view, deadLetters: dead.flatMap(({ receipts }) => receipts), ignored: ignored.receipts };
	return { ...correct(found), hasMoreDeadLetters: dead.some(({ complete }) => !complete) };
}

/** Dead letters and ignored events as they were found, corrected by what has become of events since. */
export function correct({ deadLetters, ignored, recent }: View): Part {
	const known = new Set(recent.map(({ key }) => key));
	const newest = (found: readonly Receipt[], isOne: (one: Receipt) => boolean) =>
		[...recent.filter(isOne), ...found.filter(({ key }) => !known.has(key))].sort(
			(one, other) => Date.parse(other.acceptedAt) - Date.parse(one.acceptedAt),
		);
	return {
		deadLetters: newest(deadLetters, ({ state }) => TONES[state] === "lost"),
		ignored: newest(ignored, ({ state }) => state === "ignored").slice(0, IGNORED),
	};
}

/** The open receipt, wherever it is; asked for by its event's time once that is known, which is little work. */
export async function lookAtOpened(api: Api, { opened, ...view }: View): Promise<Opened | undefined> {
	if (opened === undefined) return undefined;
	const { key } = opened;
	const known = [...view.recent, ...view.shown, ...view.deadLetters, ...view.ignored].find((one) => one.key === key);
	if (known !== undefined) return { key, receipt: known, isMissing: false };
	const at = Date.parse(opened.receipt?.event.time ?? "");
	const bounds = Number.isNaN(at) ? {} : { since: at - 1_000, until: at + 1_000 };
	for (const state of ["", "dispatched", "dead"] as const) {
		const { receipts, complete, problems = [] } = await api.receipts({ find: key, state, limit: ALL, ...bounds });
		const receipt = receipts.find((one) => one.key === key);
		if (receipt !== undefined) return { key, receipt, isMissing: false };
		// It may be among what could not be read.
		if (problems.length > 0) return { key, receipt: opened.receipt, isMissing: false };
		// The events of a window mention its key, too, and may fill an answer.
		if (complete) break;
	}
	return { key, receipt: undefined, isMissing: true };
}
