CREATE TABLE `clock_moves` (
	`program_id` text PRIMARY KEY NOT NULL,
	`clock` integer NOT NULL,
	`members` integer NOT NULL,
	`settled` integer NOT NULL,
	`cursor` text
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `program_versions` (
	`program_id` text NOT NULL,
	`version` integer NOT NULL,
	`document` text NOT NULL,
	`published_at` integer NOT NULL,
	`key_id` text NOT NULL,
	PRIMARY KEY(`program_id`, `version`)
) WITHOUT ROWID;
--> statement-breakpoint
CREATE TABLE `totals` (
	`program_id` text NOT NULL,
	`month` text NOT NULL,
	`figure` text NOT NULL,
	`points` integer NOT NULL,
	PRIMARY KEY(`program_id`, `month`, `figure`)
) WITHOUT ROWID;
--> statement-breakpoint
ALTER TABLE `purchases` ADD `currency` text;--> statement-breakpoint
-- What was projected before totals were kept, by months in UTC.
INSERT INTO `totals`
SELECT `program_id`, strftime('%Y-%m', `occurred_at` / 1000, 'unixepoch'),
	CASE
		WHEN `kind` = 'award' OR (`kind` = 'adjust' AND `points` > 0) THEN 'issued'
		WHEN `kind` = 'expire' THEN 'lapsed'
		WHEN `kind` = 'adjust' OR (`kind` = 'clawback' AND `body` ->> 'refunded' IS NOT NULL)
			OR (`kind` = 'restore' AND `body` ->> 'reversal' AND `body` ->> 'refundId' IS NOT NULL) THEN 'clawedBack'
		ELSE 'redeemed'
	END,
	sum(`points`)
FROM `entries` WHERE `points` <> 0 GROUP BY 1, 2, 3;
