"""What crosses the border: files, calendars, holidays and zones, turned into the core's values."""
