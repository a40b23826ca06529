import { join } from "node:path";
import { app } from "@azure/functions";
import { version } from "../package.json";
import type { Bridge } from "./bridge.ts";
import { openSenderCheck } from "./config/entra.ts";
import { once } from "./config/once.ts";
import { readEventQueue } from "./config/settings.ts";
import { discard, replay } from "./functions/dead-letters.ts";
import { readHandshakeRules } from "./functions/handshake.ts";
import { announce, console as consolePage, health } from "./functions/open-pages.ts";
import { counts, receipts } from "./functions/receipts.ts";
import {
	deliver,
	deliverPoison,
	eventGrid,
	eventQueue,
	eventQueuePoison,
	follow,
	followPoison,
	upkeep,
} from "./functions/triggers.ts";
import { webhook } from "./functions/webhook.ts";
import { LEDGER } from "./storage/storage.ts";

/** The one bridge. It lies in a file of its own, so that a cold start reads no more than what registers the functions. */
const theBridge = once(async () => {
	const { openBridge } = await import("./bridge.ts");
	// The bundle lies in dist/, beside host.json.
	return openBridge(process.env, join(__dirname, ".."), version);
});

const rules = readHandshakeRules(process.env);
const queue = readEventQueue(process.env);
const clocks = { now: Date.now, monotonic: () => performance.now() };
const checkSender = openSenderCheck(process.env, { fetch: globalThis.fetch, ...clocks });

app.http("webhook", webhook("events", theBridge, rules, checkSender));
app.http("generic_triggers", webhook("generic_triggers", theBridge, rules, checkSender));
app.eventGrid("eventGrid", eventGrid(theBridge));
if (queue !== undefined) {
	app.storageQueue("eventQueue", eventQueue(queue, theBridge));
	app.storageQueue("eventQueuePoison", eventQueuePoison(queue, theBridge));
}
app.storageQueue("deliver", deliver(theBridge));
app.storageQueue("deliverPoison", deliverPoison(theBridge));
app.storageQueue("follow", follow(theBridge));
app.storageQueue("followPoison", followPoison(theBridge));
app.timer("upkeep", upkeep(theBridge));
app.http("receipts", receipts(theBridge));
app.http("counts", counts(theBridge, clocks.now));
app.http("replay", replay(theBridge));
app.http("discard", discard(theBridge));
app.http("health", health(theBridge, version, clocks.monotonic));
app.http("console", consolePage());

/**
 * All queues that a trigger listens to. The template makes them; a bridge that was deployed otherwise makes them itself,
 * since the host writes a warning each time that it looks for a queue that is not there.
 */
const queues = [LEDGER.queue, LEDGER.follow, ...(queue === undefined ? [] : [queue])].flatMap((name) => [
	name,
	`${name}-poison`,
]);

// Opened as soon as the functions are registered, so that the first event does not wait for it. Not awaited: the host
// goes on starting meanwhile, and should opening fail, every invocation says so.
app.hook.appStart(() => void setImmediate(() => theBridge().then(start, () => {})));

function start(opened: Bridge): void {
	say(opened);
	// Storage that does not answer now is what health tells.
	opened.makeQueues(queues).catch(() => {});
}

function say(opened: Bridge): void {
	// biome-ignore lint/suspicious/noConsole: the platform files what a worker prints
	for (const { level, text } of announce(opened)) console[level](text);
}
