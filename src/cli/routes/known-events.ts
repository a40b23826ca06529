import { KNOWN_EVENT_TYPES } from "../../event/read-event.ts";
import { toDispatchType } from "../../route/keys.ts";
import { nearest } from "./nearest.ts";

/** How the subjects of blobs and directories begin; the container follows. */
export const BLOBS = "/blobServices/default/containers/";

/** How the subjects of an event type begin, as published; by lower-case type. */
const SUBJECTS: ReadonlyMap<string, string> = new Map(
	KNOWN_EVENT_TYPES.map((type) => [type.toLowerCase(), subjectOf(type)]),
);

/** Source: learn.microsoft.com, "Azure Blob Storage as Event Grid source", "Azure Machine Learning as Event Grid source". */
function subjectOf(type: string): string {
	const name = type.split(".").at(-1) ?? "";
	if (/^(?:Blob|Directory)(?:Created|Deleted|Renamed|TierChanged)$|^AsyncOperation/.test(name)) return BLOBS;
	if (name.startsWith("Run")) return "experiments/";
	if (name === "ModelRegistered") return "models/";
	if (name === "ModelDeployed") return "endpoints/";
	// Seen as datadrift/ and as datadrifts/.
	if (name === "DatasetDriftDetected") return "datadrift";
	return name.startsWith("StorageTask") ? "DataManagement/Storage" : "BlobDataManagement/";
}

/** How the subjects of a known type begin; undefined for a type of somebody else's. */
export function subjectStart(type: string): string | undefined {
	return SUBJECTS.get(type.toLowerCase());
}

/** A known type as it is published, whatever its case here. */
export function published(type: string): string | undefined {
	return KNOWN_EVENT_TYPES.find((known) => known.toLowerCase() === type.toLowerCase());
}

/** The known type that an unknown text probably means: by its spelling, its last part or its dispatch type. */
export function meantType(text: string): string | undefined {
	const lower = text.toLowerCase().replaceAll(/[-/]/g, ".");
	const tail = KNOWN_EVENT_TYPES.filter((known) => known.toLowerCase().endsWith(`.${lower}`));
	if (tail.length === 1) return tail[0];
	if (text.includes(".")) return nearest(text, KNOWN_EVENT_TYPES);
	// Without a publisher: perhaps the last part of a name, or a dispatch type.
	const meant = (short: (known: string) => string) => {
		const near = nearest(text, KNOWN_EVENT_TYPES.map(short));
		return KNOWN_EVENT_TYPES.find((known) => short(known) === near);
	};
	return meant((known) => known.split(".").at(-1) ?? "") ?? meant(toDispatchType);
}

/** The types that a source can raise, as far as its ARM id tells; undefined for any other source. */
export function typesOfSource(source: string): readonly string[] | undefined {
	if (/\/providers\/Microsoft\.Storage\/storageAccounts(?:\/|$)/i.test(source)) return ofProvider("Storage");
	if (/\/providers\/Microsoft\.MachineLearningServices\/workspaces(?:\/|$)/i.test(source)) {
		return ofProvider("MachineLearningServices");
	}
	return undefined;
}

function ofProvider(provider: string): readonly string[] {
	return KNOWN_EVENT_TYPES.filter((type) => type.startsWith(`Microsoft.${provider}.`));
}
