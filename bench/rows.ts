import type { Row } from "./row.ts";
import { appLoad } from "./rows/app-load.ts";
import { eventCpu } from "./rows/event-cpu.ts";
import { firstEvent } from "./rows/first-event.ts";
import { webhookDispatched } from "./rows/webhook-dispatched.ts";
import { webhookIgnored } from "./rows/webhook-ignored.ts";

/** Every row, in the order of the table. */
export const ROWS: readonly Row[] = [appLoad, firstEvent, webhookIgnored, webhookDispatched, eventCpu];
