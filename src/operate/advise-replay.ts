import { type FoundReceipt, GAVE_UP } from "../ledger/receipt.ts";

/** What a replay of a dead letter would do now. */
export interface ReplayAdvice {
	/** Whether it would do exactly what has failed: send the same request, or judge the same event by the same rules. */
	readonly wouldRepeat: boolean;
	/** Why, and what to do instead. */
	readonly why: string;
}

/** A rejected event's judge: the version and the routes table that decide. Their digest alone tells tables apart. */
export function judgeOf(version: string, routesDigest: string): string {
	return `${version} ${routesDigest}`;
}

const NEW_ID = "to send the event by the routes of today, publish it again with a new id, and discard this one";

/**
 * What is known of a replay before it is done. A replay sends a `dead` request as it is stored, and reads and routes a
 * `rejected` event anew.
 * @param judge what would judge a rejected event now
 * @returns null for what is no dead letter
 */
export function adviseReplay(receipt: FoundReceipt, judge: string): ReplayAdvice | null {
	if (receipt.state === "dead") return adviseDead(receipt);
	return receipt.state === "rejected" ? adviseRejected(receipt, judge) : null;
}

function adviseDead({ reason, attempts, to }: FoundReceipt): ReplayAdvice {
	const where = to?.id ?? "the same destination";
	const why = reason ?? "";
	if (why.startsWith(GAVE_UP)) {
		const then = `a replay sends the stored request to ${where} once more, whatever the routes say now`;
		return {
			wouldRepeat: false,
			why: `no answer has refused the request itself; after a repair of what the reason names, ${then}`,
		};
	}
	const last = attempts.at(-1);
	// What has ended it is its last call, unless the bridge has given it up without one.
	const decided = last !== undefined && why.startsWith(last.reason ?? "") ? last : undefined;
	if (decided === undefined) {
		return {
			wouldRepeat: false,
			why: `it was not sent, and so not refused; a replay sends the stored request to ${where}`,
		};
	}
	if (decided.status === null) {
		const unless = "and so does a replay, unless storage or the version has changed since";
		return { wouldRepeat: true, why: `the bridge could not send it, ${unless}; ${NEW_ID}` };
	}
	const same = `a replay sends the same bytes to ${where} again, whatever the routes say now`;
	const unless = "it succeeds only if something has changed there since, such as the workflow or its inputs";
	return {
		wouldRepeat: true,
		why: `the answer ${decided.status} refused exactly this request, and ${same}; ${unless}; ${NEW_ID}`,
	};
}

function adviseRejected({ route, judge: judgedBy }: FoundReceipt, judge: string): ReplayAdvice {
	if (judgedBy === null) {
		return { wouldRepeat: false, why: "a replay reads and routes the event anew; what rejected it is not known" };
	}
	// Whether an event is sound is the version's to say; whether its request can be sent, also the route's.
	const [version, now] = [judgedBy, judge].map((one) => one.split(" ", 1)[0]);
	const isSame = route === null ? version === now : judgedBy === judge;
	if (!isSame) {
		const changed = version === now ? "the routes table" : "the version of the bridge";
		return { wouldRepeat: false, why: `${changed} has changed since; a replay reads and routes the event anew` };
	}
	return {
		wouldRepeat: true,
		why:
			route === null
				? "this version of the bridge has rejected the event, and does so again; publish a sound event with a new id, and discard this one"
				: `the route "${route}" is as it was, and makes the same request again; change the route and replay it then, or discard it`,
	};
}
