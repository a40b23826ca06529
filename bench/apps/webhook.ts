import { app } from "@azure/functions";
import { readHandshakeRules } from "../../src/functions/handshake.ts";
import { webhook } from "../../src/functions/webhook.ts";
import { ledgerNames, openBenchBridge } from "../bench-bridge.ts";

/**
 * The app's webhook alone, over a ledger with a name of its own (`BENCH_LEDGER`), with and without group commit
 * (`BENCH_GROUPING`, `on` or `off`), which the app itself does not let anybody switch off.
 */
const opened = openBenchBridge(process.env, ledgerNames(process.env["BENCH_LEDGER"] ?? ""), {
	grouping: process.env["BENCH_GROUPING"] !== "off",
});

const rules = readHandshakeRules(process.env);
app.http(
	"webhook",
	webhook("events", async () => (await opened).bridge, rules),
);
app.http("calls", {
	methods: ["GET"],
	authLevel: "anonymous",
	handler: async () => ({ jsonBody: { calls: (await opened).calls() } }),
});
