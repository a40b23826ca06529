import { useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import { type Api, ApiError, type Which } from "./api.ts";
import type { KeyName, KeyRing } from "./key-ring.ts";
import type { Live } from "./live.ts";
import { counted } from "./summary-of.ts";

export interface LettersOptions {
	readonly api: Api;
	readonly live: Live;
	readonly keys: KeyRing;
	readonly askForKeys: () => void;
}

export type Action = "replay" | "discard";

/** What is to be done, and with which dead letters; it is not done before a person confirms it. */
export interface Asked {
	readonly action: Action;
	/** One, or all of them. */
	readonly receipt: Receipt | undefined;
}

/** Replays and discards dead letters, and says in words what came of it. */
export interface Letters {
	/** Waits for a confirmation. */
	readonly asked: Asked | undefined;
	readonly isBusy: boolean;
	readonly said: string | undefined;
	ask(asked: Asked): void;
	cancel(): void;
	confirm(): Promise<void>;
	say(text: string): void;
}

/** One request takes 200 dead letters; so many requests for one confirmation. */
const MOST_REQUESTS = 10;

export function useLetters({ api, live, keys, askForKeys }: LettersOptions): Letters {
	const [asked, setAsked] = useState<Asked>();
	const [isBusy, setIsBusy] = useState(false);
	const [said, say] = useState<string>();

	async function confirm(): Promise<void> {
		if (asked === undefined) return;
		const { action, receipt } = asked;
		setAsked(undefined);
		setIsBusy(true);
		try {
			say(describe(action, await doAll(api, action, receipt === undefined ? { all: true } : { key: receipt.key })));
		} catch (error) {
			const isLocked = error instanceof ApiError && error.status === 401;
			say(isLocked ? `To ${action}, enter the key of the function ${action}.` : (error as Error).message);
			if (isLocked) {
				keys.set(action satisfies KeyName, "");
				askForKeys();
			}
		} finally {
			setIsBusy(false);
		}
		await live.refresh();
	}

	return {
		asked,
		isBusy,
		said,
		ask: (next) => (isBusy ? undefined : setAsked(next)),
		cancel: () => setAsked(undefined),
		confirm,
		say,
	};
}

interface Done {
	readonly done: number;
	/** Why the others were refused. */
	readonly refusals: readonly (string | null)[];
	/** Whether there are more than one click reaches. */
	readonly more: boolean;
}

async function doAll(api: Api, action: Action, which: Which): Promise<Done> {
	const refusals: (string | null)[] = [];
	let done = 0;
	let next: string | undefined;
	for (let requests = 0; requests < MOST_REQUESTS; requests++) {
		const question = { ...which, ...(next === undefined ? {} : { continue: next }) };
		const answer = action === "replay" ? await api.replay(question) : await api.discard(question);
		for (const { outcome, reason } of "replayed" in answer ? answer.replayed : answer.discarded) {
			if (outcome === "refused") refusals.push(reason);
			else done += 1;
		}
		next = answer.continue;
		if (next === undefined) break;
	}
	return { done, refusals, more: next !== undefined };
}

function describe(action: Action, { done, refusals, more }: Done): string {
	const what = `${counted(done, "dead letter")} ${action === "replay" ? "replayed" : "discarded"}`;
	const why = refusals.length === 0 ? "" : `; ${refusals.length} refused: ${refusals[0]}`;
	return `${what}${why}${more ? `; there are more, ${action} again` : ""}`;
}
