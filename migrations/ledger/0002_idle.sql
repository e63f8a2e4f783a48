-- Lots whose points lapse after inactivity: the life that each activity begins anew, as JSON. Their `expires_at` is
-- 2^53 - 1, so that an activity rewrites the state row alone.
ALTER TABLE lots ADD COLUMN idle TEXT;
