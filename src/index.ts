import { join } from "node:path";
import { app } from "@azure/functions";
import { version } from "../package.json";
import { type Bridge, createBridge } from "./bridge.ts";
import { createBrokenBridge } from "./broken-bridge.ts";
import { ConfigError, type Env, readConfig } from "./config.ts";
import { eventGrid } from "./functions/event-grid.ts";
import { readHandshakeRules } from "./functions/handshake.ts";
import { health } from "./functions/health.ts";
import { webhook } from "./functions/webhook.ts";

const bridge = openBridge(process.env);
const rules = readHandshakeRules(process.env);

app.http("webhook", webhook("events", bridge, rules));
app.http("generic_triggers", webhook("generic_triggers", bridge, rules));
app.eventGrid("eventGrid", eventGrid(bridge));
app.http("health", health(bridge, version));

/** A broken configuration must not keep the functions from being there: health tells, and Event Grid keeps the events. */
function openBridge(env: Env): Bridge {
	try {
		// The bundle lies in dist/, beside host.json.
		return createBridge(readConfig(env, join(__dirname, "..")), { version });
	} catch (error) {
		if (!(error instanceof ConfigError)) throw error;
		const complaint = `grid-dispatch cannot dispatch before its configuration is repaired:\n${error.message}`;
		// biome-ignore lint/suspicious/noConsole: at start there is no invocation whose log could take it
		app.hook.appStart(() => console.error(complaint));
		return createBrokenBridge(error.problems);
	}
}
