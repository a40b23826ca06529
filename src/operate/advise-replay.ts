import { GAVE_UP } from "../ledger/receipt.ts";
import type { FoundReceipt } from "../ledger/receipt-query.ts";

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

const NEW_ID =
	"to send the event with the current routes, publish it again with a new id, and discard this dead letter";

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

const wouldRepeat = (why: string): ReplayAdvice => ({ wouldRepeat: true, why });
const mayDiffer = (why: string): ReplayAdvice => ({ wouldRepeat: false, why });

function adviseDead({ reason, attempts, to }: FoundReceipt): ReplayAdvice {
	const where = to?.id ?? "the same destination";
	if (reason?.startsWith(GAVE_UP)) {
		const then = `a replay sends the stored request to ${where} again, even if the routes have changed`;
		return mayDiffer(`no answer refused the request itself; after you repair what the reason names, ${then}`);
	}
	// What has ended it is its last call, unless the bridge has given it up without one.
	const decided = attempts.slice(-1).find(({ reason: said }) => said !== null && reason?.startsWith(said));
	if (decided === undefined) {
		return mayDiffer(`no answer made it a dead letter; a replay sends the stored request to ${where}`);
	}
	if (decided.status === null) {
		const unless = "and a replay will fail in the same way, unless storage or the version has changed since then";
		return wouldRepeat(`the bridge could not send the request, ${unless}; ${NEW_ID}`);
	}
	const same = `a replay sends the same bytes to ${where} again, even if the routes have changed`;
	const unless = "it succeeds only if something has changed there, such as the workflow or its inputs";
	return wouldRepeat(`the answer ${decided.status} refused exactly this request, and ${same}; ${unless}; ${NEW_ID}`);
}

function adviseRejected({ route, judge: judgedBy }: FoundReceipt, judge: string): ReplayAdvice {
	if (judgedBy === null) {
		return mayDiffer("a replay reads and routes the event again; the bridge does not know what rejected it");
	}
	// Whether an event is sound is the version's to say; whether its request can be sent, also the route's.
	const [version, now] = [judgedBy, judge].map((one) => one.split(" ", 1)[0]);
	const isSame = route === null ? version === now : judgedBy === judge;
	if (!isSame) {
		const changed = version === now ? "the routes table" : "the version of the bridge";
		return mayDiffer(`${changed} has changed since then; a replay reads and routes the event again`);
	}
	return wouldRepeat(
		route === null
			? "this version of the bridge rejected the event, and a replay would be rejected again; publish a valid event with a new id, and discard this dead letter"
			: `the route "${route}" has not changed, so a replay makes the same request again; change the route and then replay, or discard this dead letter`,
	);
}
