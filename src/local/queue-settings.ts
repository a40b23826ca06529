/** What host.json says about queue triggers, under `extensions.queues`. */
export interface QueueSettings {
	/** How many messages are taken at once; at most 32. */
	readonly batchSize: number;
	/** With no more than that many under way, the next ones are taken. */
	readonly newBatchThreshold: number;
	/** After that many failures a message is poison. */
	readonly maxDequeueCount: number;
	readonly maxPollingIntervalMs: number;
	/** How long a message that failed stays out of sight. */
	readonly visibilityTimeoutMs: number;
	readonly messageEncoding: "base64" | "none";
	/**
	 * How long a message stays out of sight while it runs, unless that is renewed. The real host's ten minutes cannot be
	 * set; here they can, since a message of a killed host comes back no sooner.
	 */
	readonly lockMs: number;
}

interface QueueSection {
	readonly batchSize?: number;
	readonly newBatchThreshold?: number;
	readonly maxDequeueCount?: number;
	readonly maxPollingInterval?: string;
	readonly visibilityTimeout?: string;
	readonly messageEncoding?: string;
}

/**
 * Reads the settings of queue triggers; the real host's defaults are those of learn.microsoft.com, "Azure Queue storage
 * trigger and bindings", host.json settings.
 * @param hostJson the text of host.json
 * @throws Error naming the setting that cannot be read
 */
export function readQueueSettings(hostJson = "{}"): QueueSettings {
	const host = JSON.parse(hostJson) as { extensions?: { queues?: QueueSection } };
	const given = host.extensions?.queues ?? {};
	const batchSize = given.batchSize ?? 16;
	return {
		batchSize,
		// The real host multiplies by its processors; one makes local runs alike.
		newBatchThreshold: given.newBatchThreshold ?? batchSize / 2,
		maxDequeueCount: given.maxDequeueCount ?? 5,
		maxPollingIntervalMs: spanMs("maxPollingInterval", given.maxPollingInterval ?? "00:01:00"),
		visibilityTimeoutMs: spanMs("visibilityTimeout", given.visibilityTimeout ?? "00:00:00"),
		messageEncoding: given.messageEncoding?.toLowerCase() === "none" ? "none" : "base64",
		lockMs: 600_000,
	};
}

/** Reads .NET's form of a time span, `[d.]hh:mm:ss[.fff]`. */
function spanMs(setting: string, text: string): number {
	const [, days = 0, hours, minutes, seconds] =
		/^(?:(\d+)\.)?(\d\d?):([0-5]?\d):([0-5]?\d(?:\.\d+)?)$/.exec(text) ?? [];
	if (hours === undefined) throw new Error(`host.json: ${setting} must be a time span such as 00:00:02, not "${text}"`);
	return Math.round((((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}
