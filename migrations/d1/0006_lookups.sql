DROP INDEX `payments_member`;--> statement-breakpoint
DROP INDEX `payments_lead`;--> statement-breakpoint
CREATE INDEX `payments_member` ON `payments` (`program_id`,`member_id`) WHERE member_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `payments_lead` ON `payments` (`program_id`,`leads_to`) WHERE leads_to IS NOT NULL;--> statement-breakpoint
DROP INDEX `webhook_events_payment`;--> statement-breakpoint
CREATE INDEX `webhook_events_payment` ON `webhook_events` (`program_id`,`payment_id`) WHERE payment_id IS NOT NULL;--> statement-breakpoint
CREATE INDEX `enrolments_member` ON `enrolments` (`program_id`,`member_id`);