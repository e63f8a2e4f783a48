CREATE TABLE `behind` (
	`program_id` text NOT NULL,
	`member_id` text NOT NULL,
	`since` integer NOT NULL,
	PRIMARY KEY(`program_id`, `member_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `floors` (
	`program_id` text PRIMARY KEY NOT NULL,
	`position` integer NOT NULL
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `histories` (
	`program_id` text NOT NULL,
	`member_id` text NOT NULL,
	`history` integer NOT NULL,
	PRIMARY KEY(`program_id`, `member_id`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rebuilds` (
	`program_id` text PRIMARY KEY NOT NULL,
	`members` integer NOT NULL,
	`rebuilt` integer NOT NULL,
	`cursor` text NOT NULL,
	`turn` text NOT NULL,
	`started_at` integer NOT NULL,
	`finished_at` integer
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `rewinds` (
	`program_id` text NOT NULL,
	`member_id` text NOT NULL,
	`started_at` integer NOT NULL,
	`at` integer NOT NULL,
	`finished_at` integer,
	`request_id` text NOT NULL,
	PRIMARY KEY(`program_id`, `member_id`, `started_at`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `entries` ADD `month` text;--> statement-breakpoint
ALTER TABLE `entries` ADD `figure` text;