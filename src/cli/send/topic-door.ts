import { AzureKeyCredential, EventGridPublisherClient, type SendCloudEventInput } from "@azure/eventgrid";
import { DefaultAzureCredential } from "@azure/identity";
import { isLoopback } from "../../config/settings.ts";
import { reasonOf } from "../ask.ts";
import { shownUrl } from "../bridge-url.ts";
import type { Door } from "./deliveries.ts";

interface TopicDoorOptions {
	/** Of a custom topic, such as https://contoso.westeurope-1.eventgrid.azure.net/api/events. */
	readonly endpoint: URL;
	/** Its access key; undefined for the account of `az login`. */
	readonly key: string | undefined;
}

type Element = Readonly<Record<string, unknown>>;

/**
 * Publishes to an Event Grid custom topic, whose schema has to be that of the events. In a file of its own, which is
 * loaded when it is needed: the SDKs are large.
 */
export function createTopicDoor({ endpoint, key }: TopicDoorOptions): Door {
	const credential = key === undefined ? new DefaultAzureCredential() : new AzureKeyCredential(key);
	const options = { allowInsecureConnection: isLoopback(endpoint), retryOptions: { maxRetries: 2 } };
	const inEventGridSchema = new EventGridPublisherClient(endpoint.href, "EventGrid", credential, options);
	const asCloudEvents = new EventGridPublisherClient(endpoint.href, "CloudEvent", credential, options);
	return {
		name: `the topic ${shownUrl(endpoint)}`,
		async deliver({ schema, elements }) {
			const events = elements as readonly Element[];
			try {
				if (schema === "eventgrid") await inEventGridSchema.send(events.map(toEventGridEvent));
				else await asCloudEvents.send(events.map(toCloudEvent));
				return { status: 200, results: undefined, reason: null };
			} catch (error) {
				const status = (error as { statusCode?: number }).statusCode ?? null;
				return { status, results: undefined, reason: whyNot(status, error) };
			}
		},
	};
}

/** The topic is its own source. */
function toEventGridEvent({ id, subject, eventType, eventTime, data, dataVersion }: Element) {
	return {
		id: String(id),
		subject: String(subject),
		eventType: String(eventType),
		dataVersion: String(dataVersion ?? "1"),
		data,
		...timeOf("eventTime", eventTime),
	};
}

function toCloudEvent(element: Element): SendCloudEventInput<unknown> {
	const { id, source, type, subject, time, data, specversion: _, datacontenttype, dataschema, ...rest } = element;
	return {
		id: String(id),
		source: String(source),
		type: String(type),
		data,
		...(subject === undefined ? {} : { subject: String(subject) }),
		...(datacontenttype === undefined ? {} : { datacontenttype: String(datacontenttype) }),
		...(dataschema === undefined ? {} : { dataschema: String(dataschema) }),
		...(Object.keys(rest).length === 0 ? {} : { extensionAttributes: rest }),
		...timeOf("time", time),
	};
}

/** Left out, the SDK takes the present. */
function timeOf<Name extends string>(name: Name, given: unknown): { [key in Name]?: Date } {
	const time = new Date(String(given));
	return (Number.isNaN(time.getTime()) ? {} : { [name]: time }) as { [key in Name]?: Date };
}

function whyNot(status: number | null, error: unknown): string {
	const [first = ""] = reasonOf(error).split("\n");
	if (status === 401) return "the topic refuses the key: give one of its access keys in EVENT_GRID_TOPIC_KEY";
	if (status === 403) return 'the topic refuses this identity: give it the role "EventGrid Data Sender"';
	if (status === 400) return `the topic answered 400; check that --schema is the topic's schema. ${first}`;
	return status === null ? first : `the topic answered ${status}: ${first}`;
}
