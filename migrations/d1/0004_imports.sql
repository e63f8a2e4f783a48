CREATE TABLE `imports` (
	`program_id` text NOT NULL,
	`id` text NOT NULL,
	`created_at` integer NOT NULL,
	`digest` text,
	PRIMARY KEY(`program_id`, `id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE UNIQUE INDEX `imports_digest` ON `imports` (`program_id`,`digest`) WHERE digest IS NOT NULL;
