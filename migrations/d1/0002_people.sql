CREATE TABLE `outbox` (
	`program_id` text NOT NULL,
	`position` integer NOT NULL,
	`created_at` integer NOT NULL,
	`contact_hash` text NOT NULL,
	`body` text NOT NULL,
	PRIMARY KEY(`program_id`, `position`)
) WITHOUT ROWID;
