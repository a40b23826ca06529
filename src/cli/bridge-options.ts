import type { Command } from "commander";
import { type BridgeClient, createBridgeClient } from "./bridge-client.ts";
import { LOCAL_BRIDGE } from "./bridge-url.ts";
import type { Io } from "./io.ts";

/** Which bridge to ask. */
export interface BridgeFlags {
	/** Left out: GRID_DISPATCH_URL, else the local host. */
	readonly url?: string;
	readonly key?: string;
}

/** What is asked where --url is left out, for the help. */
export const DEFAULT_URL = `GRID_DISPATCH_URL, else ${LOCAL_BRIDGE}`;

/** Adds the options of every command that asks a bridge. */
export function withBridgeOptions(command: Command): Command {
	return command
		.option("--url <url>", `the bridge; left out: ${DEFAULT_URL}`)
		.option("--key <key>", "its function key; better in GRID_DISPATCH_KEY, where no process list shows it");
}

/** The address that was given, or that of the environment, or where `npm start` runs the bridge. */
export function urlOf({ url }: Pick<BridgeFlags, "url">, { env }: Pick<Io, "env">): string {
	return url ?? (env["GRID_DISPATCH_URL"]?.trim() || LOCAL_BRIDGE);
}

/** The key that was given, or that of the environment. */
export function keyOf({ key }: Pick<BridgeFlags, "key">, { env }: Pick<Io, "env">): string | undefined {
	return key ?? (env["GRID_DISPATCH_KEY"]?.trim() || undefined);
}

/** A bearer token of the environment, for a webhook that Microsoft Entra protects. */
export function webhookTokenOf({ env }: Pick<Io, "env">): string | undefined {
	return env["GRID_DISPATCH_TOKEN"]?.trim() || undefined;
}

export function bridgeOf(flags: BridgeFlags, io: Io): BridgeClient {
	return createBridgeClient({ url: urlOf(flags, io), key: keyOf(flags, io), io });
}
