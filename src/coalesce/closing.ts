import type { LaneLease } from "../ledger/lane-lease.ts";
import { windowKey } from "../ledger/row-keys.ts";
import { type Group, groupOf, readWindow } from "../ledger/window.ts";
import type { Storage } from "../storage/storage.ts";
import { linesOf, type Member, takeMembers } from "./members.ts";

/** The members of a closed window, as a blob holds them that the clean-up goes by. */
export interface Closing {
	readonly window: Group;
	readonly members: readonly Member[];
}

/** Where the events of a window's dispatch can be read, and where the list of its members lies. */
export function manifestBlob(key: string): string {
	return `manifests/${key}.jsonl`;
}

export function closingBlob(key: string): string {
	return `closings/${key}.json`;
}

/**
 * What a closed window's clean-up goes by. Where its list is gone or cannot be read, the manifest still tells the
 * members that are left: by their lines. Where that is gone, too, nothing was closed as far as anybody can tell, and the
 * window gathers its members anew. Undefined for a dispatch of an earlier version, which does not say of what group it is.
 */
export async function readClosing(
	lease: LaneLease,
	storage: Storage,
	dispatch: { readonly rowKey: string; readonly key: string; readonly closing: string },
): Promise<Closing | undefined> {
	const listed = parse(await storage.read(dispatch.closing));
	if (listed !== undefined) return listed;
	const columns = (await storage.get(lease.lane, dispatch.rowKey))?.columns ?? {};
	if (columns["group"] === undefined) return undefined;
	const window = groupOf(readWindow({ rowKey: windowKey(String(columns["group"])), etag: "", columns }));
	const manifest = await storage.read(manifestBlob(dispatch.key));
	if (manifest === undefined) return { window: { ...window, after: dispatch.key }, members: [] };
	return { window, members: await listedIn(lease, storage, manifest, window) };
}

async function listedIn(
	lease: LaneLease,
	storage: Storage,
	manifest: Buffer,
	{ group }: Group,
): Promise<readonly Member[]> {
	const texts = new Set(manifest.toString("utf8").split("\n"));
	const members: Member[] = [];
	const present = await takeMembers(lease, storage, { group, maxEvents: Number.POSITIVE_INFINITY });
	for await (const { member, text } of linesOf(lease, storage, present)) if (texts.has(text)) members.push(member);
	return members;
}

function parse(content: Buffer | undefined): Closing | undefined {
	try {
		const { window, members } = JSON.parse(content?.toString("utf8") ?? "") as Partial<Closing>;
		return typeof window?.group === "string" && Array.isArray(members) ? { window, members } : undefined;
	} catch {
		return undefined;
	}
}
