import { describe, expect, it } from "@jest/globals";
import { toDispatchType } from "../../src/route/route.ts";

describe("a dispatch type", () => {
	it.each([
		["Microsoft.MachineLearningServices.RunCompleted", "machinelearningservices-runcompleted"],
		["Microsoft.MachineLearningServices.ModelRegistered", "machinelearningservices-modelregistered"],
		["Microsoft.Storage.BlobCreated", "storage-blobcreated"],
		["Microsoft.Storage.DirectoryRenamed", "storage-directoryrenamed"],
		["MICROSOFT.storage.BLOBCREATED", "storage-blobcreated"],
		["microsoft.a.b.c.d", "a-b-c-d"],
	])("of %s is %s, without the publisher Microsoft", (eventType, dispatchType) => {
		expect(toDispatchType(eventType)).toBe(dispatchType);
	});

	it.each([
		["Contoso.Orders.Placed", "contoso-orders-placed"],
		["MicrosoftPartner.Orders.Placed", "microsoftpartner-orders-placed"],
		["Contoso.Microsoft.Placed", "contoso-microsoft-placed"],
		["Microsoft", "microsoft"],
		["recordInserted", "recordinserted"],
		["Contoso.Orders_v2-final", "contoso-orders_v2-final"],
	])("of another publisher's %s keeps the whole name: %s", (eventType, dispatchType) => {
		expect(toDispatchType(eventType)).toBe(dispatchType);
	});
});
