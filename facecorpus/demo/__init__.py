"""The demo: an embedded little web of invented people, to try every command offline."""
