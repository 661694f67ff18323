"""Before and after a session: the rehearsal's checklist, and the report of a day, both made from the log book."""
