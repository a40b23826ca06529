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

/** The real host's. Source: learn.microsoft.com, "Azure Queue storage trigger and bindings", host.json settings. */
const DEFAULTS = {
	batchSize: 16,
	maxDequeueCount: 5,
	maxPollingIntervalMs: 60_000,
	visibilityTimeoutMs: 0,
	messageEncoding: "base64",
	lockMs: 600_000,
} as const;

interface QueueSection {
	readonly batchSize?: number;
	readonly newBatchThreshold?: number;
	readonly maxDequeueCount?: number;
	readonly maxPollingInterval?: string;
	readonly visibilityTimeout?: string;
	readonly messageEncoding?: string;
}

/**
 * Reads the settings of queue triggers.
 * @param hostJson the text of host.json
 * @throws Error naming the setting that cannot be read
 */
export function readQueueSettings(hostJson = "{}"): QueueSettings {
	const host = JSON.parse(hostJson) as { extensions?: { queues?: QueueSection } };
	const { maxPollingInterval, visibilityTimeout, messageEncoding, ...counts } = host.extensions?.queues ?? {};
	const batchSize = counts.batchSize ?? DEFAULTS.batchSize;
	return {
		...DEFAULTS,
		// The real host multiplies by its processors; one makes local runs alike.
		newBatchThreshold: batchSize / 2,
		...counts,
		...(messageEncoding?.toLowerCase() === "none" ? { messageEncoding: "none" } : {}),
		...(maxPollingInterval === undefined
			? {}
			: { maxPollingIntervalMs: spanMs("maxPollingInterval", maxPollingInterval) }),
		...(visibilityTimeout === undefined ? {} : { visibilityTimeoutMs: spanMs("visibilityTimeout", visibilityTimeout) }),
	};
}

/** Reads .NET's form of a time span, `[d.]hh:mm:ss[.fff]`. */
function spanMs(setting: string, text: string): number {
	const [, days = 0, hours, minutes, seconds] =
		/^(?:(\d+)\.)?(\d\d?):([0-5]?\d):([0-5]?\d(?:\.\d+)?)$/.exec(text) ?? [];
	if (hours === undefined) throw new Error(`host.json: ${setting} must be a time span such as 00:00:02, not "${text}"`);
	return Math.round((((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds)) * 1000);
}
