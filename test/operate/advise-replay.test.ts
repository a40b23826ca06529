import { describe, expect, it } from "@jest/globals";
import { readReceipt } from "../../src/ledger/receipt.ts";
import { adviseReplay } from "../../src/operate/advise-replay.ts";
import type { Columns } from "../../src/storage/storage.ts";

const DESTINATION = { repository: "contoso/a", dispatchType: "x" };
const PUBLISH =
	"to send the event with the current routes, publish it again with a new id, and discard this dead letter";
const ANEW = "a replay reads and routes the event again";

/** The advice for a receipt, where version 1.2 would judge by the table `t`. */
const advise = (columns: Columns) =>
	adviseReplay({ ...readReceipt({ rowKey: "r-1", etag: "", columns }), lane: "a" }, "1.2 t");
const calls = (...all: readonly [number | null, string | null][]) => ({
	attempts: JSON.stringify(all.map(([status, reason]) => ({ at: "", ms: 1, requestId: null, status, reason }))),
});

const DEAD: readonly [string, Columns, boolean, string][] = [
	[
		"was given up",
		{ reason: "given up after 7 days: no", ...DESTINATION, ...calls([404, "no"]) },
		false,
		"no answer refused the request itself; after you repair what the reason names, a replay sends the stored request to contoso/a#x again, even if the routes have changed",
	],
	[
		"has no destination that can be read, and no reason",
		calls([422, "no"]),
		false,
		"no answer made it a dead letter; a replay sends the stored request to the same destination",
	],
	[
		"was refused before its last call",
		{ reason: "no", ...DESTINATION, ...calls([422, "no"], [204, null]) },
		false,
		"no answer made it a dead letter; a replay sends the stored request to contoso/a#x",
	],
	[
		"was refused by its last call",
		{ reason: "no; and more", ...DESTINATION, ...calls([422, "no"]) },
		true,
		`the answer 422 refused exactly this request, and a replay sends the same bytes to contoso/a#x again, even if the routes have changed; it succeeds only if something has changed there, such as the workflow or its inputs; ${PUBLISH}`,
	],
	[
		"could not be sent",
		{ reason: "no body", ...DESTINATION, ...calls([null, "no body"]) },
		true,
		`the bridge could not send the request, and a replay will fail in the same way, unless storage or the version has changed since then; ${PUBLISH}`,
	],
];

const REJECTED: readonly [string, Columns, boolean, string][] = [
	["by what is not known", {}, false, `${ANEW}; the bridge does not know what rejected it`],
	["by an earlier version", { judge: "1.1 t" }, false, `the version of the bridge has changed since then; ${ANEW}`],
	["by another table", { judge: "1.2 s", route: "r" }, false, `the routes table has changed since then; ${ANEW}`],
	[
		"by this version",
		{ judge: "1.2 s" },
		true,
		"this version of the bridge rejected the event, and a replay would be rejected again; publish a valid event with a new id, and discard this dead letter",
	],
	[
		"by this table",
		{ judge: "1.2 t", route: "r" },
		true,
		'the route "r" has not changed, so a replay makes the same request again; change the route and then replay, or discard this dead letter',
	],
];

describe("the words of the advice before a replay", () => {
	it.each(DEAD)("say what is known of a dead letter that %s", (_, columns, wouldRepeat, why) => {
		expect(advise({ state: "dead", ...columns })).toEqual({ wouldRepeat, why });
	});

	it.each(REJECTED)("say what is known of an event that was rejected %s", (_, columns, wouldRepeat, why) => {
		expect(advise({ state: "rejected", ...columns })).toEqual({ wouldRepeat, why });
	});

	it("are not there for what is no dead letter", () => {
		expect(advise({ state: "dispatched" })).toBeNull();
	});
});
