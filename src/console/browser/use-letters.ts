import { useState } from "preact/hooks";
import type { Receipt } from "./answers.ts";
import { type Api, ApiError, type KeyName, type KeyRing } from "./api.ts";
import { type Action, doAll } from "./do-all.ts";
import type { Live } from "./live.ts";

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

export function useLetters(api: Api, live: Live, keys: KeyRing, askForKeys: () => void): Letters {
	const [asked, setAsked] = useState<Asked>();
	const [isBusy, setIsBusy] = useState(false);
	const [said, say] = useState<string>();

	async function confirm(): Promise<void> {
		if (asked === undefined) return;
		const { action, receipt } = asked;
		setAsked(undefined);
		setIsBusy(true);
		try {
			say(await doAll(api, action, receipt === undefined ? { all: true } : { key: receipt.key }));
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
