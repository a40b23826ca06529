import type { Command } from "commander";
import { type BridgeClient, createBridgeClient } from "./bridge-client.ts";
import { LOCAL_BRIDGE } from "./bridge-url.ts";
import type { Io } from "./io.ts";

/** Which bridge to ask. */
export interface BridgeFlags {
	readonly url: string;
	readonly key?: string;
}

/** Adds the options of every command that asks a bridge. */
export function withBridgeOptions(command: Command): Command {
	return command
		.option("--url <url>", "the bridge: a deployed app, or the local host", LOCAL_BRIDGE)
		.option("--key <key>", "its function key; better in GRID_DISPATCH_KEY, where no process list shows it");
}

/** The key that was given, or that of the environment. */
export function keyOf({ key }: Pick<BridgeFlags, "key">, { env }: Pick<Io, "env">): string | undefined {
	return key ?? (env["GRID_DISPATCH_KEY"]?.trim() || undefined);
}

export function bridgeOf(flags: BridgeFlags, io: Io): BridgeClient {
	return createBridgeClient({ url: flags.url, key: keyOf(flags, io), fetch: io.fetch });
}
