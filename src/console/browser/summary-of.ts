import { presentOf, unusableTokens } from "./present.ts";
import type { View } from "./view.ts";
import { alarmOf, type Tone } from "./way-of.ts";
import { clock, counted } from "./words.ts";

/** One thing to know at once, and the section of the page that says more. */
export interface Item {
	readonly tone: Tone;
	readonly text: string;
	/** The id of the section; undefined where there is none. */
	readonly section?: "attention" | "dead-letters" | "runs" | "events" | "ignored" | undefined;
}

/** What a person should know first; problems before all else. */
export function summaryOf(view: View): readonly Item[] {
	const problems = problemsOf(view);
	const { access, health } = view;
	if (access === "asking" && problems.length === 0) return [];
	const calm: Item = { tone: "sent", text: health?.status === "healthy" ? "No problems" : "No problems known" };
	const key: Item[] = access === "locked" ? [{ tone: "passed", text: "Events need a function key" }] : [];
	return [...(problems.length === 0 && health !== undefined ? [calm] : problems), ...key, ...passedBy(view)];
}

function problemsOf(view: View): readonly Item[] {
	const { health, access, problem, isOffline, seenAt, unread, now } = view;
	const items: Item[] = [];
	if (problem !== undefined && access !== "locked") {
		const since = seenAt === undefined ? "" : `; this is the state of ${clock(new Date(seenAt).toISOString(), now)}`;
		items.push({ tone: "lost", text: `${isOffline ? "No answer" : "The bridge answers with an error"}${since}` });
	}
	const { problems = [], storage, lanes = [], warnings = [] } = health ?? {};
	const attention = (tone: Tone, text: string) => items.push({ tone, text, section: "attention" });
	if (problems.length > 0) attention("lost", `${counted(problems.length, "problem")} with settings`);
	if (storage?.reachable === false && problems.length === 0) attention("lost", "Storage cannot be reached");
	if (unread.length > 0) attention("delayed", "Some receipts cannot be read");
	const tokens = unusableTokens(view).length;
	if (tokens > 0) attention("lost", `${counted(tokens, "token")} cannot be used`);
	items.push(...deadLettersOf(view), ...runsOf(view));
	for (const state of ["parked", "paused"] as const) {
		const count = lanes.filter((lane) => lane.state === state).length;
		if (count > 0) attention("delayed", `${counted(count, "lane")} ${state}`);
	}
	const parked = lanes.reduce((sum, { parkedDestinations }) => sum + parkedDestinations, 0);
	if (parked > 0) attention("delayed", `${counted(parked, "destination")} parked`);
	items.push(...waitingOf(view));
	const others = lanes.filter((lane) => lane.state === "open" && lane.parkedDestinations === 0).length;
	if (others > 0) attention("delayed", `${counted(others, "lane")} with a problem`);
	if (warnings.length > 0) attention("delayed", counted(warnings.length, "warning"));
	return items;
}

function deadLettersOf(view: View): readonly Item[] {
	const { deadLetters = 0 } = presentOf(view);
	if (deadLetters === 0) return [];
	const section = view.access === "open" ? "dead-letters" : undefined;
	return [{ tone: "lost", text: counted(deadLetters, "dead letter"), section }];
}

function runsOf({ recent }: View): readonly Item[] {
	const tones = recent.filter(({ state }) => state === "dispatched").map((receipt) => alarmOf(receipt)?.tone);
	const item = (tone: "lost" | "delayed", what: string): readonly Item[] => {
		const count = tones.filter((one) => one === tone).length;
		return count === 0 ? [] : [{ tone, text: `${counted(count, "run")} ${what}`, section: "runs" }];
	};
	return [...item("lost", "failed or missing"), ...item("delayed", "cannot be told")];
}

function waitingOf(view: View): readonly Item[] {
	const { paused, parked } = presentOf(view);
	if (parked + paused === 0) return [];
	const parts = [parked > 0 ? `${parked} parked` : undefined, paused > 0 ? `${paused} paused` : undefined];
	const text = `${counted(parked + paused, "delivery", "deliveries")} delayed: ${parts.filter(Boolean).join(", ")}`;
	return [{ tone: "delayed", text, section: "events" }];
}

function passedBy({ health, access }: View): readonly Item[] {
	const ignored = health?.ignored ?? 0;
	if (ignored === 0) return [];
	const section = access === "open" ? "ignored" : undefined;
	return [{ tone: "passed", text: `${counted(ignored, "event")} ignored`, section }];
}
