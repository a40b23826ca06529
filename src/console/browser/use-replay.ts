import { useState } from "preact/hooks";
import type { Replayed } from "./answers.ts";
import { type Api, ApiError } from "./api.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Live } from "./live.ts";

export interface ReplayProps {
	readonly api: Api;
	readonly live: Live;
	readonly keys: KeyRing;
	readonly askForKeys: () => void;
}

/** So many requests for one click. */
const MOST_REQUESTS = 10;

/** Replays dead letters, and says in words what came of it. */
export function useReplay({ api, live, keys, askForKeys }: ReplayProps) {
	const [isBusy, setIsBusy] = useState(false);
	const [said, setSaid] = useState<string>();

	async function replay(which: { readonly key: string } | { readonly all: true }): Promise<void> {
		setIsBusy(true);
		try {
			const { replayed, more } = await replayAll(api, which);
			const fed = replayed.filter(({ outcome }) => outcome === "accepted").length;
			const refused = replayed.filter(({ outcome }) => outcome !== "accepted").map(({ reason }) => reason);
			const why = refused.length === 0 ? "" : `; ${refused.length} refused: ${refused[0]}`;
			setSaid(`${fed} fed back${why}${more ? "; there may be more, replay again" : ""}`);
			await live.refresh();
		} catch (error) {
			const isLocked = error instanceof ApiError && error.status === 401;
			setSaid(isLocked ? "replay wants a function key of its own" : (error as Error).message);
			if (isLocked) {
				keys.set("replay", "");
				askForKeys();
			}
		} finally {
			setIsBusy(false);
		}
	}

	return { replay, isBusy, said };
}

/** One request takes so many, and says where the next one goes on. */
async function replayAll(api: Api, which: Parameters<Api["replay"]>[0]): Promise<Pick<Replayed, "replayed" | "more">> {
	const replayed: Replayed["replayed"][number][] = [];
	let next: string | undefined;
	for (let asked = 0; asked < MOST_REQUESTS; asked++) {
		const answer = await api.replay({ ...which, ...(next === undefined ? {} : { continue: next }) });
		replayed.push(...answer.replayed);
		next = answer.continue;
		if (next === undefined) break;
	}
	return { replayed, more: next !== undefined };
}
