import { app } from "@azure/functions";
import type { Bridge } from "../../src/bridge.ts";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { STATE_KEY } from "../../src/ledger/rows.ts";
import { writeWakeUp } from "../../src/ledger/wake-up.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { wrapStorage } from "../../support/wrap-storage.ts";
import { type BenchBridge, LANE, ledgerNames, openBenchBridge } from "../bench-bridge.ts";

/**
 * The app's webhook alone, over a ledger with a name of its own (`BENCH_LEDGER`). With `BENCH_GROUPING=off` it does
 * what the app never does: each event has a transaction, a look at the lane and a message of its own.
 */
const isGrouping = process.env["BENCH_GROUPING"] !== "off";
const names = ledgerNames(process.env["BENCH_LEDGER"] ?? "");
const opened = openBenchBridge(process.env, names, isGrouping ? undefined : withMessages);
const bridge = opened.then((own) => (isGrouping ? own.bridge : oneByOne(own)));

app.http(
	"webhook",
	webhook("events", () => bridge, readHandshakeRules(process.env)),
);
app.http("calls", {
	methods: ["GET"],
	authLevel: "anonymous",
	handler: async () => ({ jsonBody: { calls: (await opened).calls() } }),
});

/** A bridge groups what it accepts at the same time. So no two requests have the same one at the same time. */
function oneByOne({ bridge, another }: BenchBridge): Bridge {
	const idle: Bridge[] = [];
	return {
		...bridge,
		async accept(...request) {
			const own = idle.pop() ?? another();
			try {
				return await own.accept(...request);
			} finally {
				idle.push(own);
			}
		},
	};
}

/** Each look at the lane's state is followed by a message, though the lane has a wake-up that is early enough. */
function withMessages(storage: Storage): Storage {
	return wrapStorage(storage, async ({ method, args }, make) => {
		const made = await make();
		if (method === "get" && args[1] === STATE_KEY) await storage.put(writeWakeUp({ lane: LANE, wake: 1 }), 0);
		return made;
	});
}
