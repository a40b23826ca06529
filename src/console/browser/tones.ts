import type { State } from "./answers.ts";

/** What a state means, in colour: sent, on its way, delayed, lost unless a person acts, or passed by. */
export type Tone = "sent" | "moving" | "delayed" | "lost" | "passed";

export const TONES: Readonly<Record<State, Tone>> = {
	accepted: "moving",
	paused: "delayed",
	parked: "delayed",
	coalescing: "moving",
	dispatched: "sent",
	coalesced: "sent",
	dead: "lost",
	rejected: "lost",
	discarded: "passed",
	ignored: "passed",
};

/** Whether it can be replayed or discarded. */
export function isDeadLetter({ state }: { readonly state: State }): boolean {
	return TONES[state] === "lost";
}
