CREATE TABLE `payments` (
	`program_id` text NOT NULL,
	`id` text NOT NULL,
	`leads_to` text,
	`version` integer NOT NULL,
	`facts` text NOT NULL,
	`status` text NOT NULL,
	`member_id` text,
	`order_id` text,
	PRIMARY KEY(`program_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE INDEX `payments_member` ON `payments` (`program_id`,`member_id`);--> statement-breakpoint
CREATE INDEX `payments_lead` ON `payments` (`program_id`,`leads_to`);--> statement-breakpoint
CREATE INDEX `payments_waiting` ON `payments` (`program_id`,`id`) WHERE status = 'waiting' AND leads_to IS NULL;--> statement-breakpoint
CREATE TABLE `webhook_endpoints` (
	`program_id` text NOT NULL,
	`id` text NOT NULL,
	`provider` text NOT NULL,
	`secrets` text NOT NULL,
	`created_at` integer NOT NULL,
	PRIMARY KEY(`program_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `webhook_events` (
	`program_id` text NOT NULL,
	`position` integer NOT NULL,
	`endpoint_id` text NOT NULL,
	`event_id` text NOT NULL,
	`provider` text NOT NULL,
	`type` text NOT NULL,
	`received_at` integer NOT NULL,
	`status` text NOT NULL,
	`detail` text,
	`payment_id` text,
	`body` text NOT NULL,
	PRIMARY KEY(`program_id`, `position`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `webhook_events_id` ON `webhook_events` (`program_id`,`endpoint_id`,`event_id`);--> statement-breakpoint
CREATE INDEX `webhook_events_payment` ON `webhook_events` (`program_id`,`payment_id`);--> statement-breakpoint
CREATE INDEX `webhook_events_received` ON `webhook_events` (`received_at`) WHERE status = 'received';