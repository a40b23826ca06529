import type { Matter } from "./sample-event.ts";
import type { World } from "./world.ts";

const CONTAINERS = ["training", "features", "labels"] as const;
/** Folders, names and endings of files, and what they are stored as. */
const NAMES = ["transactions", "customers", "sensors", "images"] as const;
const ENDINGS = [
	["parquet", "application/octet-stream"],
	["csv", "text/csv"],
	["jsonl", "application/json"],
] as const;
const FOLDER = "application/octet-stream";

/** A blob or a directory, by all the names that it has. */
interface Place {
	readonly subject: string;
	/** With the host of the blob service, and of Data Lake. */
	readonly blob: string;
	readonly dfs: string;
	readonly contentType: string;
}

/**
 * What a storage account tells of its blobs and directories, by the name of the type. What Data Lake alone does has
 * the host of Data Lake.
 * Source: learn.microsoft.com, "Azure Blob Storage as an Event Grid source".
 */
export const BLOB_EVENTS: Readonly<Record<string, (world: World) => Matter>> = {
	BlobCreated: (world) => {
		const [file, length] = [fileOf(world), lengthOf(world)];
		const stored = { eTag: eTagOf(world), contentType: file.contentType, contentLength: length, blobType: "BlockBlob" };
		const api = world.dice.pick(["PutBlob", "PutBlockList", "CopyBlob", "FlushWithClose"]);
		if (api !== "FlushWithClose") return matter(file, world, api, { ...stored, accessTier: "Default", url: file.blob });
		return matter(file, world, api, { ...stored, contentOffset: length, url: file.dfs });
	},
	BlobDeleted: (world) => {
		const file = fileOf(world);
		const stored = { contentType: file.contentType, blobType: "BlockBlob" };
		return matter(file, world, "DeleteBlob", { ...stored, url: file.blob });
	},
	BlobRenamed: (world) => renamed(world, fileOf, "RenameFile"),
	BlobTierChanged: (world) => {
		const file = fileOf(world);
		const [previousTier, accessTier] = world.dice.pick([
			["Hot", "Cool"],
			["Cool", "Cold"],
			["Cold", "Archive"],
		]);
		return matter(file, world, "SetBlobTier", { ...archived(world, file), accessTier, previousTier, url: file.blob });
	},
	AsyncOperationInitiated: (world) => {
		const file = fileOf(world);
		return matter(file, world, "SetBlobTier", { ...archived(world, file), url: file.blob });
	},
	DirectoryCreated: (world) => {
		const folder = folderOf(world);
		return matter(folder, world, "CreateDirectory", { eTag: eTagOf(world), url: folder.dfs });
	},
	DirectoryRenamed: (world) => renamed(world, folderOf, "RenameDirectory"),
	DirectoryDeleted: (world) => {
		const folder = folderOf(world);
		const recursive = String(world.dice.below(2) === 0);
		return matter(folder, world, "DeleteDirectory", { recursive, url: folder.dfs });
	},
};

/** @param more what this type has in addition */
function matter({ subject }: Place, world: World, api: string, more: Matter["data"]): Matter {
	const { dice } = world;
	const requestId = `${dice.hex(8)}-${dice.hex(4)}-00${dice.hex(2)}-${dice.hex(4)}-${dice.hex(6)}000000`;
	const storageDiagnostics = {
		batchId: `${dice.hex(8)}-${dice.hex(4)}-00${dice.hex(2)}-${dice.hex(4)}-${dice.hex(6)}000000`,
	};
	const common = { api, clientRequestId: dice.uuid(), requestId, sequencer: world.sequencer(), storageDiagnostics };
	return { subject, data: { ...common, ...more } };
}

/** The subject is the new name. */
function renamed(world: World, placeOf: (world: World) => Place, api: string): Matter {
	const to = placeOf(world);
	const sourceUrl = to.dfs.replace(/(\.net\/[^/]+\/)/, "$1staging/");
	return matter(to, world, api, { sourceUrl, destinationUrl: to.dfs });
}

function archived(world: World, { contentType }: Place) {
	return { contentType, contentLength: lengthOf(world), blobType: "BlockBlob" };
}

function fileOf(world: World): Place {
	const [ending, contentType] = world.dice.pick(ENDINGS);
	const name = world.dice.pick(NAMES);
	return placeAt(world, `${name}/${monthOf(world)}/part-${number(world.count("files"))}.${ending}`, contentType);
}

function folderOf(world: World): Place {
	return placeAt(world, `${world.dice.pick(NAMES)}/${monthOf(world)}/batch-${number(world.count("folders"))}`, FOLDER);
}

function placeAt(world: World, path: string, contentType: string): Place {
	const container = world.dice.pick(CONTAINERS);
	const url = (service: string) => `https://${world.account}.${service}.core.windows.net/${container}/${path}`;
	const subject = `/blobServices/default/containers/${container}/blobs/${path}`;
	return { subject, blob: url("blob"), dfs: url("dfs"), contentType };
}

function monthOf({ now }: World): string {
	return new Date(now()).toISOString().slice(0, 7).replace("-", "/");
}

function number(count: number): string {
	return String(count).padStart(5, "0");
}

function lengthOf({ dice }: World): number {
	return 1024 * (1 + dice.below(4096));
}

function eTagOf({ dice }: World): string {
	return `0x8DE${dice.hex(12).toUpperCase()}`;
}
